import { cpSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openGit } from '../changes/git.ts'
import { openRepository, type Repository } from '../changes/repository.ts'
import { TroupeError } from '../errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** An example that is ready to be run. */
export interface Example {
  /** A repository in a temporary folder. */
  readonly directory: string
  /** A task expression or the path of a manifest. */
  readonly argument: string
}

const home = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(home, 'examples')

/** The examples that can be supervised; others are programs of their own. */
const exampleNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => ['expression', 'troupe.yaml'].some((file) => existsSync(join(folder, name, file))))
    .toSorted()

/**
 * Lays an example out in a temporary folder: its `repository` as a repository with one commit, or, where it has none, a clone of
 * Troupe's own.
 * @throws TroupeError MANIFEST_NOT_FOUND for an unknown name, NOT_A_REPOSITORY when Troupe's own is not there to be cloned,
 * and those of temporaryFolder
 */
export async function layOutExample(name: string): Promise<Example> {
  const names = exampleNames()
  if (!names.includes(name))
    throw new TroupeError('MANIFEST_NOT_FOUND', `no example is called ${name}: there are ${names.join(', ')}`)
  const files = join(folder, name, 'repository')
  const own = existsSync(files) ? null : await openOwn(name)
  const directory = temporaryFolder(`troupe-${name}-`)
  await (own === null ? commitFiles(files, directory) : own.git.run(['clone', '--quiet', own.root, directory]))
  const expression = join(folder, name, 'expression')
  const argument = existsSync(expression) ? readFileSync(expression, 'utf8').trim() : join(folder, name, 'troupe.yaml')
  return { directory, argument }
}

async function commitFiles(files: string, directory: string): Promise<void> {
  cpSync(files, directory, { recursive: true })
  const git = openGit(directory)
  await git.run(['init', '--quiet', '--initial-branch', 'main'])
  await git.run(['add', '--all'])
  await git.run(['commit', '--quiet', '--message', 'The example as it begins'])
}

/** As a package Troupe may lie in a repository of somebody else's. */
async function openOwn(name: string): Promise<Repository> {
  const around = await openRepository(home).catch(() => null)
  if (around !== null && around.root === realpathSync(home)) return around
  const message = `the example ${name} is about Troupe's own repository, and ${home} is no clone of it; start it from one`
  throw new TroupeError('NOT_A_REPOSITORY', message)
}
