import { appendFile, lstat, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import type { Repository } from './repository.ts'

/**
 * Keeps git from seeing what Troupe writes, through `info/exclude`, unless it is ignored already: all of `.agents`, or, where
 * the user has committed a part of it, the folders of runs only. One append; the user's own lines stay as they are.
 * @throws TroupeError STORE_FAILED
 */
export async function excludeAgentsFolder({ git, root, commonDirectory }: Repository): Promise<void> {
  // what lies behind a link is not in the repository, and a line that ends in a slash is about folders alone
  const isLinked = await isLink(join(root, '.agents'))
  const asked = isLinked ? '.agents' : '.agents/runs/any'
  const { exitCode } = await git.run(['check-ignore', '--quiet', asked], { accept: [0, 1] })
  if (exitCode === 0) return
  const tracked = (await git.text(['ls-files', '-z', '--', '.agents'])) !== ''
  const all = isLinked ? '/.agents\n' : '/.agents/\n'
  const lines = tracked ? '/.agents/runs/\n/.agents/runtime/\n' : all
  const path = join(commonDirectory, 'info', 'exclude')
  try {
    await mkdir(dirname(path), { recursive: true })
    const before = await readFile(path).catch(() => Buffer.alloc(0))
    const newline = before.length === 0 || before.at(-1) === 0x0a ? '' : '\n'
    await appendFile(path, newline + lines)
  } catch (cause) {
    throw new TroupeError('STORE_FAILED', `${path} cannot be written: ${messageOf(cause)}`, { cause })
  }
}

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
