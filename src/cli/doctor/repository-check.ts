import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { isAgentsFolderIgnored } from '../../changes/exclude.ts'
import { openRepository, type Repository } from '../../changes/repository.ts'
import { messageOf, TroupeError } from '../../errors.ts'
import { layoutOf, listRuns } from '../../store/layout.ts'
import { type Check, fine, warning, wrong } from './check.ts'

/** The repository around a folder: its root, its commit, what is not committed, whether `.agents` is ignored; and the disk. */
export async function checkRepository(directory: string): Promise<readonly Check[]> {
  try {
    const repository = await openRepository(directory)
    const head = await repository.resolveBase('HEAD')
    return [
      fine('repository', `${repository.root} at ${head.slice(0, 12)}`),
      await checkoutCheck(repository),
      await agentsFolderCheck(repository),
      await diskCheck(repository.root),
    ]
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error
    return [
      wrong('repository', error.message, error.fix),
      ...(existsSync(directory) ? [await diskCheck(directory)] : []),
    ]
  }
}

async function checkoutCheck(repository: Repository): Promise<Check> {
  const dirty = await repository.dirtyFiles()
  if ('unknown' in dirty)
    return warning('checkout', `git says: ${dirty.unknown}`, 'mend it: attempts may meet the same in their checkouts')
  if (dirty.length === 0) return fine('checkout', 'clean')
  const todo = 'agents start from a commit: commit what they are to see'
  return warning('checkout', `${dirty.length} uncommitted ${dirty.length === 1 ? 'path' : 'paths'}`, todo)
}

async function agentsFolderCheck(repository: Repository): Promise<Check> {
  try {
    listRuns(layoutOf(repository.root))
  } catch (error) {
    return wrong('.agents', messageOf(error), 'make it a folder that you may read and write: every run is kept there')
  }
  const isIgnored = await isAgentsFolderIgnored(repository)
  return fine('.agents', isIgnored ? 'ignored by git' : 'not ignored yet; the first run sees to it')
}

const gibibyte = 1024 ** 3

async function diskCheck(directory: string): Promise<Check> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  const found = `${(free / gibibyte).toFixed(1)} GiB free`
  return free >= gibibyte
    ? fine('disk', found)
    : warning('disk', found, 'every attempt has a checkout of its own: free some space')
}
