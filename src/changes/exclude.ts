import { appendFile, lstat, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import type { Repository } from './repository.ts'

/**
 * Keeps git from seeing what Troupe writes, through `info/exclude`, unless it is ignored already: all of `.agents`, or, where
 * the user has committed a part of it, the folders of runs only. One append; the user's own lines stay as they are.
 * @throws TroupeError STORE_FAILED
 */
export async function excludeAgentsFolder(repository: Repository): Promise<void> {
  if (await isAgentsFolderIgnored(repository)) return
  const { git, root, commonDirectory } = repository
  const tracked = (await git.text(['ls-files', '-z', '--', '.agents'])) !== ''
  const folders = tracked ? ['.agents/runs', '.agents/runtime'] : ['.agents']
  const lines = await Promise.all(folders.map((at) => lineFor(root, at)))
  const path = join(commonDirectory, 'info', 'exclude')
  try {
    await mkdir(dirname(path), { recursive: true })
    const before = await readFile(path).catch(() => Buffer.alloc(0))
    const newline = before.length === 0 || before.at(-1) === 0x0a ? '' : '\n'
    await appendFile(path, newline + lines.join(''))
  } catch (cause) {
    throw new TroupeError('STORE_FAILED', `${path} cannot be written: ${messageOf(cause)}`, { cause })
  }
}

/** Whether git leaves out what runs keep; it looks behind no link, and so is asked about the first one on the way. */
export async function isAgentsFolderIgnored({ git, root }: Repository): Promise<boolean> {
  const way = ['.agents', '.agents/runs']
  const isLinked = await Promise.all(way.map((at) => isLink(join(root, at))))
  const asked = way.find((_, index) => isLinked[index]) ?? '.agents/runs/any'
  const { exitCode } = await git.run(['check-ignore', '--quiet', asked], { accept: [0, 1] })
  return exitCode === 0
}

/** A line that ends in a slash is about folders alone. */
const lineFor = async (root: string, at: string): Promise<string> =>
  `/${at}${(await isLink(join(root, at))) ? '' : '/'}\n`

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
