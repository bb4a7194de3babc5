import type { ChangeSet } from '../../changes/change-set.ts'
import type { FolderWatch, WatchedFolder } from '../../changes/folder-watch.ts'
import type { Saved } from '../../changes/snapshot.ts'
import type { CommitId } from '../../ids.ts'
import type { Task, WorkspaceKind } from '../../plan/task.ts'

/** What is asked for when an attempt needs a place to work in. */
export interface WorkspaceOrder {
  readonly kind: WorkspaceKind
  readonly task: Task
  readonly attempt: number
  readonly base: CommitId
  /** What an earlier attempt left, to begin with its files; null for the base's. */
  readonly left: CommitId | null
}

/** How the sealing of a workspace came out. */
export type Sealing =
  /** `exposed`: where secrets were taken out of what was written, for people. */
  | { readonly how: 'changed'; readonly changeSet: ChangeSet; readonly exposed?: readonly string[] }
  | { readonly how: 'unchanged' }
  /** What was written cannot be made a change set; the workspace stays for people. */
  | { readonly how: 'refused'; readonly message: string; readonly directory: string }
  /** The workspace itself is not there any more; the message says what of it is saved. */
  | { readonly how: 'gone'; readonly message: string }

/** A place in which one attempt works. */
export interface Workspace {
  /** Absolute path. */
  readonly directory: string
  /** Whether it began with the files of an earlier attempt. */
  readonly continued?: boolean
  /** Makes what was written a change set; never throws for what an agent may have done to the folder. */
  seal(): Promise<Sealing>
  /**
   * Saves what lies there now, if it has changed since the last time; only where the workspace is the attempt's own.
   * @param among where something may have changed, as the watch tells it; anywhere by default
   */
  snapshot?(among?: readonly string[] | null): Promise<Saved | null>
  /** Notices what is written there, from the call on. */
  watch?(told: Pick<WatchedFolder, 'changed' | 'exhausted'>): Promise<FolderWatch>
  /** Gives the place back; only after its seal is journaled. */
  release(): Promise<void>
}

/** Makes workspaces of every kind. */
export interface Workspaces {
  open(order: WorkspaceOrder): Promise<Workspace>
  /** Makes what was sealed for another the change set of an attempt at a task. Throws TroupeError GIT_FAILED. */
  keepAs(changeSet: ChangeSet, task: Task, attempt: number): Promise<ChangeSet>
  /** Takes away what is left of the run's workspaces, refused seals excepted. */
  close(): Promise<void>
}
