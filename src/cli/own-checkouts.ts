import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommitCheckWorld } from '../merge/check-commit.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../process-identity.ts'
import { namesIn } from '../store/is-there.ts'
import type { RunLayout } from '../store/layout.ts'
import type { FoundRun } from './find-run.ts'

type OwnCheckouts = Pick<CommitCheckWorld, 'folder' | 'maker'>

/**
 * Has a command make checkouts for a run that it does not carry out: among the run's worktrees, where `gc` finds what a killed one
 * has left, under a name that no other command has at the same time. Until the work is done `gc` and `resume` leave
 * the run alone.
 */
export async function inOwnCheckouts<Result>(
  { files }: Pick<FoundRun, 'files'>,
  command: string,
  work: (own: OwnCheckouts) => Promise<Result>,
): Promise<Result> {
  const maker = `${command}-${process.pid}-${randomBytes(3).toString('hex')}`
  const note = join(files.folder, `${notePrefix}${maker}`)
  try {
    writeFileSync(note, JSON.stringify(identityOf(process.pid)))
  } catch {
    // where no note can be written, no checkout can be made: that will say why
  }
  try {
    return await work({ folder: files.work, maker })
  } finally {
    rmSync(note, { force: true })
  }
}

/** Whether a living command has checkouts of its own among a run's worktrees. Throws TroupeError STORE_FAILED. */
export const isInUse = (files: Pick<RunLayout, 'folder'>): boolean => notesIn(files).some(isOfLiving)

/** Takes away the notes of commands that were killed. */
export function forgetKilled(files: Pick<RunLayout, 'folder'>): void {
  for (const note of notesIn(files)) if (!isOfLiving(note)) rmSync(note, { force: true })
}

const notePrefix = 'in-use.'

const notesIn = ({ folder }: Pick<RunLayout, 'folder'>): readonly string[] =>
  namesIn(folder)
    .filter((name) => name.startsWith(notePrefix))
    .map((name) => join(folder, name))

function isOfLiving(note: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(note, 'utf8')) as ProcessIdentity)
  } catch {
    return false // just taken away, or torn when the machine died
  }
}
