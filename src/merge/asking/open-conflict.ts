import type { CommitId, TaskId } from '../../ids.ts'
import type { ConflictedFile, Stage } from '../conflicted-file.ts'
import { fileFacts } from '../resolvers/file-facts.ts'

/** A text in conflict: the blobs of its three versions, and the mode that the result has. */
export interface ConflictedVersions {
  readonly path: string
  /** Null where both sides added the file. */
  readonly base: string | null
  /** What has landed. */
  readonly ours: string
  readonly theirs: string
  readonly mode: string
}

/** A change set that did not land, as something that an agent can be asked about. */
export interface OpenConflict {
  readonly task: TaskId
  /** The landed tasks that it is in conflict with. */
  readonly with: readonly TaskId[]
  readonly files: readonly ConflictedVersions[]
  /** On what has landed: all of the change set, with diff3 markers where it is in conflict; null when there is a hindrance. */
  readonly commit: CommitId | null
  /** Why nobody can be asked; null when somebody can. */
  readonly hindrance: string | null
}

/** What an agent made of a file in conflict: a fact that folds may use again, wherever the same three versions meet. */
export interface Answer extends ConflictedVersions {
  readonly task: TaskId
  /** The blob that it made. */
  readonly result: string
  /** As the proposal names who decided. */
  readonly resolver: string
  readonly evidence: string
}

/** The versions of a file in conflict; a sentence where it cannot be laid before an agent as a text with markers. */
export function versionsOf({ path, kind, base, ours, theirs }: ConflictedFile): ConflictedVersions | string {
  if ((kind !== 'content' && kind !== 'add/add') || ours === null || theirs === null)
    return `${path} is in conflict as ${kind}, which no markers can show`
  const stages = [ours, theirs, ...(base === null ? [] : [base])]
  if (!stages.every((stage) => isPlain(stage) && stage.path === ours.path)) return `${path} is no plain file everywhere`
  if (fileFacts(ours.path).kind === 'lock') return `${path} is a lock file, which is made again and never merged`
  const mode = ours.mode === base?.mode ? theirs.mode : ours.mode
  return { path: ours.path, base: base?.oid ?? null, ours: ours.oid, theirs: theirs.oid, mode }
}

const isPlain = ({ mode }: Stage): boolean => mode === '100644' || mode === '100755'

/** Whether both are about the same three versions of a file. */
export const isSameConflict = (a: ConflictedVersions, b: ConflictedVersions): boolean =>
  a.path === b.path && a.base === b.base && a.ours === b.ours && a.theirs === b.theirs
