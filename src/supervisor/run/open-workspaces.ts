import { watchFolder } from '../../changes/folder-watch.ts'
import type { Repository } from '../../changes/repository.ts'
import { openSharedCheckouts } from '../../changes/shared-checkout.ts'
import { openWorktrees } from '../../changes/worktree.ts'
import { openObjects } from '../../changes/objects.ts'
import { openQuickTrees } from '../../changes/quick-tree.ts'
import { openSlots } from '../../changes/slots.ts'
import { type Known, type Saved, savedAt, takeSnapshot } from '../../changes/snapshot.ts'
import { ignoredFolders } from '../../changes/workspace-content.ts'
import { workspaceGit } from '../../changes/workspace-git.ts'
import type { Clock } from '../../clock.ts'
import type { CommitId, RunId, TaskId } from '../../ids.ts'
import { hideNothing, type Redactor } from '../../redaction.ts'
import { snapshotRef } from '../../refs.ts'
import { sealAttempt, sealedAs } from './seal-attempt.ts'
import type { Workspace, WorkspaceOrder, Workspaces } from './workspaces.ts'

interface WorkspacesOptions {
  readonly repository: Repository
  readonly run: RunId
  /** What the run started from. */
  readonly base: CommitId
  /** Absolute folder that holds the run's worktrees. */
  readonly folder: string
  readonly clock: Clock
  /** Checkouts at once. */
  readonly parallel: number
  /** What no object of git may hold; nothing by default. */
  readonly hide?: Redactor
}

/** Workspaces in one repository. */
export function openWorkspaces(options: WorkspacesOptions): Workspaces {
  const { repository, run, folder, clock, parallel, hide = hideNothing } = options
  const { git } = repository
  const worktrees = openWorktrees({ repository, folder, parallel, since: options.base })
  const shared = openSharedCheckouts(worktrees)
  const objects = openObjects(git)
  const quick = openQuickTrees(git, objects, hide)

  async function lastSnapshot(ref: string, base: CommitId): Promise<CommitId | null> {
    const saved = await savedAt(git, ref)
    return saved?.base === base ? saved.commit : null
  }

  async function asCheckedOut(ref: string, base: CommitId): Promise<Known> {
    const [tree, last] = await Promise.all([quick.of(base), savedAt(git, ref)])
    return { tree, last, isOwn: false }
  }

  async function ownWorkspace({ task, attempt, base, left }: WorkspaceOrder): Promise<Workspace> {
    const ref = snapshotRef(run, task.id)
    const files = task.onRetry === 'continue' && attempt > 1 ? (left ?? (await lastSnapshot(ref, base))) : null
    const worktree = await worktrees.create(worktreeName(task.id, attempt), base, files ?? base)
    const oneAtATime = openSlots(1) // they share an index
    const message = `${task.id}: attempt ${attempt} of run ${run}, under way\n`
    const at = (): number => Math.floor(clock.now() / 1_000)
    // what an earlier attempt left may be anything
    const untouched = files === null ? () => asCheckedOut(ref, base) : () => Promise.resolve(null)
    const save = saver(
      (known, among) => takeSnapshot(git, { worktree, ref, message, at: at(), among, quick, known, hide }),
      untouched,
    )
    return {
      directory: worktree.directory,
      continued: files !== null,
      snapshot: (among = null) => oneAtATime.use(() => save(among)),
      watch: ({ changed, exhausted }) =>
        watchFolder({
          directory: worktree.directory,
          changed,
          exhausted,
          ignoredAmong: (folders) => ignoredFolders({ git: workspaceGit(git, worktree) }, folders),
        }),
      seal: () => sealAttempt(worktree, { repository, run, clock, task, attempt, hide }),
      release: () => worktrees.remove(worktree),
    }
  }

  return {
    async open(order) {
      switch (order.kind) {
        case 'own':
          return await ownWorkspace(order)
        case 'shared':
          return lookingAt((await shared.at(order.base)).directory)
        case 'none':
          return lookingAt(repository.root)
      }
    },
    keepAs: (changeSet, task, attempt) => sealedAs(changeSet, { repository, run, clock, task, attempt }),
    async close() {
      await objects[Symbol.asyncDispose]()
      await shared.close()
    },
  }
}

/** Remembers what a worktree held when it was saved; after one that failed nobody knows. */
function saver(
  take: (known: Known | null, among: readonly string[] | null) => Promise<Saved | null>,
  untouched: () => Promise<Known | null>,
): (among: readonly string[] | null) => Promise<Saved | null> {
  let look = untouched
  return async (among) => {
    const before = await look().catch(() => null)
    look = () => Promise.resolve(null)
    const saved = await take(before, among)
    const known = saved === null ? before : { tree: saved.tree, last: saved, isOwn: true }
    look = () => Promise.resolve(known)
    return saved
  }
}

/** What an attempt's own worktree is called. */
export const worktreeName = (task: TaskId, attempt: number): string => `${task}.${attempt}`

/** A place that is not the attempt's own: nothing in it becomes a change set. */
function lookingAt(directory: string): Workspace {
  return { directory, seal: () => Promise.resolve({ how: 'unchanged' }), release: () => Promise.resolve() }
}
