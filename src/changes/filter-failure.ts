import { bytePaths, nulTerminated } from './path-bytes.ts'
import { differences } from './workspace-content.ts'
import type { PrivateIndex } from './workspace-git.ts'

/**
 * What a filter did that would not take a file (gitattributes(5), "filter"), in words for people; null where git failed for another
 * reason, or where it cannot be told which filter it was.
 * @param message what git said
 */
export async function filterFailure(own: PrivateIndex, message: string): Promise<string | null> {
  const named = namedIn(message)
  if (named === null && !isHungUp(message)) return null
  const processes = await filtersWithProcess(own)
  const found = named ?? (await onlyUsed(own, processes))
  if (found === null) return null
  const { file, filter } = found
  const key = processes.has(filter) ? 'process' : 'clean'
  return `the filter ${filter}, which .gitattributes names for ${file}, failed (filter.${filter}.${key})${reasonIn(message, own.root)}`
}

interface Used {
  readonly filter: string
  readonly file: string
}

function namedIn(message: string): Used | null {
  const [, file, filter] = /^(?:.*: )?fatal: (.+): clean filter '(.+)' failed$/m.exec(message) ?? []
  return file === undefined || filter === undefined ? null : { file, filter }
}

/** Of a process that ends before it has said what it can do, git names neither the filter nor the file. */
const isHungUp = (message: string): boolean => /^(?:.*: )?fatal: the remote end hung up unexpectedly$/m.test(message)

async function filtersWithProcess({ git }: PrivateIndex): Promise<ReadonlySet<string>> {
  const args = ['config', '--null', '--name-only', '--get-regexp', String.raw`^filter\..*\.process$`]
  const { stdout } = await git.run(args, { accept: [0, 1] })
  const names = stdout.split('\0').filter((name) => name !== '')
  return new Set(names.map((name) => name.slice('filter.'.length, -'.process'.length)))
}

/** The one of these filters that is meant for what is to be taken in, and the first file that it is meant for; null for none or several. */
async function onlyUsed(own: PrivateIndex, filters: ReadonlySet<string>): Promise<Used | null> {
  const paths = await differences(own).catch(() => everyPath(own)) // to compare them the filter may be asked as well
  const input = nulTerminated(paths)
  const fields = (await own.git.text(['check-attr', '-z', '--stdin', 'filter'], { input, env: own.env })).split('\0')
  const uses = paths.flatMap((_, at) => {
    const [file = '', , filter = ''] = fields.slice(at * 3, at * 3 + 3)
    return filters.has(filter) ? [{ filter, file }] : []
  })
  const [first] = uses
  return first !== undefined && uses.every(({ filter }) => filter === first.filter) ? first : null
}

const everyPath = async ({ git, env }: PrivateIndex): Promise<readonly string[]> =>
  bytePaths(await git.bytes(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { env }))

/** What git says of a filter's end, more of it the sooner that comes. */
const ofGit = /^error: (?:external filter|packet write|could not write client|initialization for subprocess)/i

/** What the filter said, or else why it could not be started. */
function reasonIn(message: string, folder: string): string {
  const [, said = ''] = message.split(` in ${folder}: `)
  const [before = ''] = said.split(/^fatal: /m)
  const lines = before.split('\n').filter((line) => !ofGit.test(line))
  const [, unstarted = ''] = /^fatal: (cannot run .+)$/m.exec(said) ?? []
  const reason = [lines.join('\n').trim(), unstarted].find((one) => one !== '')
  return reason === undefined ? '' : `: ${reason}`
}
