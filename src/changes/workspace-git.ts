import { dirname } from 'node:path'
import type { Git } from './git.ts'
import type { Worktree } from './worktree.ts'

/** Git on a worktree's files with an index that is nobody else's. */
export interface PrivateIndex {
  readonly git: Git
  /** Absolute path of the worktree. */
  readonly root: string
  /** Names the index. */
  readonly env: { readonly GIT_INDEX_FILE: string }
}

/**
 * Git on the files of a worktree, whatever became of its own `.git` file, HEAD and settings: the repository and the folder are
 * named. Otherwise git would look for a repository further up, find the user's, and see no change there.
 */
export const workspaceGit = (git: Git, { directory, adminDirectory }: Worktree): Git =>
  gitOn(git, dirname(dirname(adminDirectory)), directory)

/** The same with another folder of a repository, such as the worktree's own. */
export function gitOn(git: Git, gitFolder: string, directory: string): Git {
  const here = git.at(directory)
  const named = ['--git-dir', gitFolder, '--work-tree', directory, ...settings.flatMap((setting) => ['-c', setting])]
  return {
    ...here,
    run: (args, options) => here.run([...named, ...args], options),
    text: (args, options) => here.text([...named, ...args], options),
    bytes: (args, options) => here.bytes([...named, ...args], options),
  }
}

const settings: readonly string[] = [
  'core.splitIndex=false', // the other part would be left in the user's repository
  'core.trustctime=true', // a tool may set the time of a file back to what it was
  'core.checkStat=default',
  'core.safecrlf=false', // a line ending is no reason to refuse an agent's work
  'core.sparseCheckout=true', // a file that is there counts, though the user's sparse checkout would leave it out
  'sparse.expectFilesOutsideOfPatterns=false',
]
