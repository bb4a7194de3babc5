import { randomBytes } from 'node:crypto'
import type { CommitCheckWorld } from '../merge/check-commit.ts'
import type { FoundRun } from './find-run.ts'

/**
 * Where a command makes checkouts for a run that it does not carry out: among the run's worktrees, where `gc` finds what a killed one
 * has left, under a name that no other command has at the same time.
 */
export const ownCheckouts = ({ files }: FoundRun, command: string): Pick<CommitCheckWorld, 'folder' | 'maker'> => ({
  folder: files.work,
  maker: `${command}-${process.pid}-${randomBytes(3).toString('hex')}`,
})
