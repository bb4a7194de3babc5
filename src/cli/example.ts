import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openGit } from '../changes/git.ts'
import { openRepository } from '../changes/repository.ts'
import { TroupeError } from '../errors.ts'

/** An example that is ready to be run. */
export interface Example {
  /** A repository in a temporary folder. */
  readonly directory: string
  /** A task expression or the path of a manifest. */
  readonly argument: string
}

const folder = fileURLToPath(new URL('../../examples', import.meta.url))

/** The names of the examples. */
export const exampleNames = (): readonly string[] => readdirSync(folder).toSorted()

/**
 * Lays an example out in a temporary folder: its `repository` as a repository with one commit, or, where it has none, a clone of
 * Troupe's own.
 * @throws TroupeError MANIFEST_NOT_FOUND for an unknown name, NOT_A_REPOSITORY when Troupe's own is not there to be cloned
 */
export async function layOutExample(name: string): Promise<Example> {
  const home = join(folder, name)
  if (!/^[a-z]+$/.test(name) || !existsSync(home)) {
    throw new TroupeError('MANIFEST_NOT_FOUND', `no example is called ${name}: there are ${exampleNames().join(', ')}`)
  }
  const directory = mkdtempSync(join(tmpdir(), `troupe-${name}-`))
  const files = join(home, 'repository')
  await (existsSync(files) ? commitFiles(files, directory) : cloneOwn(directory))
  const expression = join(home, 'expression')
  const argument = existsSync(expression) ? readFileSync(expression, 'utf8').trim() : join(home, 'troupe.yaml')
  return { directory, argument }
}

async function commitFiles(files: string, directory: string): Promise<void> {
  cpSync(files, directory, { recursive: true })
  const git = openGit(directory)
  await git.run(['init', '--quiet', '--initial-branch', 'main'])
  await git.run(['add', '--all'])
  await git.run(['commit', '--quiet', '--message', 'The example as it begins'])
}

async function cloneOwn(directory: string): Promise<void> {
  const own = await openRepository(fileURLToPath(new URL('../..', import.meta.url)))
  await own.git.run(['clone', '--quiet', own.root, directory])
}
