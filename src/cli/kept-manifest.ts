import { lstatSync, readFileSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { isThere } from '../store/is-there.ts'
import type { RunLayout } from '../store/layout.ts'
import { readJournal } from '../store/read-journal.ts'
import { replaceFile } from '../store/replace-file.ts'
import { storeFailure } from '../store/store-failure.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'

type Files = Pick<RunLayout, 'journal' | 'manifest'>

/** What the journal of a run holds; a run that died before its first record has none. Throws TroupeError JOURNAL_CORRUPT or STORE_FAILED. */
export const recordsOf = ({ journal }: Files): readonly Recorded[] =>
  isThere(journal) ? readJournal<RunEvent>(journal).records : []

/** What a run was asked to do: its first record says it, its file does until there is one. Null for a run that never began. */
export function keptManifest(files: Files, [first]: readonly Recorded[]): string | null {
  return first?.event.type === 'run-started' ? first.event.manifest : contentOf(files.manifest)
}

/** Whether a run was ever asked to do something: a supervisor that died at its very beginning leaves nothing but folders. */
export function hasBegun(files: Files): boolean {
  try {
    return isThere(files.manifest) || recordsOf(files).length > 0
  } catch {
    return true // what cannot be read is not nothing
  }
}

/** Whether a run has a folder. What a link that leads nowhere stands for may be there again: throws TroupeError STORE_FAILED. */
export function isRunThere({ folder }: Pick<RunLayout, 'folder'>): boolean {
  if (isThere(folder)) return true
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return false
  throw new TroupeError('STORE_FAILED', `${folder} is a link that leads nowhere`)
}

/** Makes the file again where it is lost or is not what the run was asked to do. Throws TroupeError STORE_FAILED or NO_SPACE. */
export function keepManifest(files: Files, text: string): void {
  if (!isKept(files, text)) replaceFile(files.manifest, text)
}

/** Whether the file says what the run was asked to do. */
export const isKept = ({ manifest }: Files, text: string): boolean => contentOf(manifest) === text

function contentOf(path: string): string | null {
  if (!isThere(path)) return null
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw storeFailure(`cannot read ${path}`, cause)
  }
}
