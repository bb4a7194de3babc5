import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../agents/registry.ts'
import { openRepository } from '../changes/repository.ts'
import { exitCodes, messageOf, TroupeError } from '../errors.ts'
import { quoted } from '../merge/conflict-message.ts'
import { lockCommand } from '../merge/lock-commands.ts'
import { readManifest } from '../plan/manifest.ts'
import { showMistakes } from '../plan/show-mistakes.ts'
import { replaceFile } from '../store/replace-file.ts'
import { checkCommand } from './init/check-command.ts'
import { firstManifest } from './init/first-manifest.ts'
import { sourceFiles } from './init/source-files.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface InitOptions extends CommonOptions {
  readonly force: boolean
}

const fileName = 'troupe.yaml'

/** `troupe init`: a first manifest that fits the repository, at its root. */
export async function initCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: InitOptions },
): Promise<number> {
  const { force, json } = input.options
  const repository = await openRepository(terminal.directory)
  const paths = await repository.filesAt(await repository.resolveBase('HEAD'))
  const files = sourceFiles(paths, 3)
  const check = checkCommand(paths, (path) => readFileSync(join(repository.root, path), 'utf8'))
  const path = join(repository.root, fileName)
  write(path, checked(firstManifest({ files, check, locks: locksAmong(paths) })), force)
  if (json) {
    terminal.print(JSON.stringify({ schema: 'troupe/init/1', path, files }))
    return exitCodes.ok
  }
  const about = files.length === 0 ? 'the whole repository' : files.map(quoted).join(', ')
  terminal.print(`wrote ${path}, about ${about}`)
  terminal.print(`next: troupe plan ${fileName}\nthen: troupe run ${fileName}`)
  return exitCodes.ok
}

/** The few lock files nearest to the root, and how each is made anew. */
const locksAmong = (paths: readonly string[]): readonly (readonly [string, string])[] =>
  paths
    .flatMap((path) => {
      const command = lockCommand(path)
      return command === null ? [] : [[path, command] as const]
    })
    .toSorted(([a], [b]) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
    .slice(0, 3)

/** What is written must be valid as it stands, whatever the names of the files. */
function checked(text: string): string {
  const reading = readManifest(text, { kinds })
  if (!reading.ok) throw new TroupeError('INTERNAL', showMistakes(fileName, text, reading.mistakes))
  return text
}

/** Whole or not at all: half a manifest would be in the way of the next try. A link stays, and what it leads to is replaced. */
function write(path: string, text: string, force: boolean): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!force && found !== undefined) throw new TroupeError('USAGE', `${path} is there already; --force replaces it`)
  replaceFile(found?.isSymbolicLink() === true ? targetOf(path) : path, text)
}

/** @throws TroupeError USAGE */
function targetOf(link: string): string {
  try {
    return realpathSync(link)
  } catch (cause) {
    const message = `${link} is a link that leads nowhere: mend it or take it away (${messageOf(cause)})`
    throw new TroupeError('USAGE', message, { cause })
  }
}
