import type { Repository } from '../../changes/repository.ts'
import { openSharedCheckouts } from '../../changes/shared-checkout.ts'
import { openWorktrees } from '../../changes/worktree.ts'
import type { Clock } from '../../clock.ts'
import type { RunId, TaskId } from '../../ids.ts'
import { sealAttempt } from './seal-attempt.ts'
import type { Workspace, WorkspaceOrder, Workspaces } from './workspaces.ts'

interface WorkspacesOptions {
  readonly repository: Repository
  readonly run: RunId
  /** Absolute folder that holds the run's worktrees. */
  readonly folder: string
  readonly clock: Clock
  /** Checkouts at once. */
  readonly parallel: number
}

/** Workspaces in one repository. */
export function openWorkspaces({ repository, run, folder, clock, parallel }: WorkspacesOptions): Workspaces {
  const worktrees = openWorktrees({ repository, folder, parallel })
  const shared = openSharedCheckouts(worktrees)

  async function ownWorkspace({ task, attempt, base }: WorkspaceOrder): Promise<Workspace> {
    const worktree = await worktrees.create(worktreeName(task.id, attempt), base)
    return {
      directory: worktree.directory,
      seal: () => sealAttempt(worktree, { repository, run, clock, task, attempt }),
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
    close: () => shared.close(),
  }
}

/** What an attempt's own worktree is called. */
export const worktreeName = (task: TaskId, attempt: number): string => `${task}.${attempt}`

/** A place that is not the attempt's own: nothing in it becomes a change set. */
function lookingAt(directory: string): Workspace {
  return { directory, seal: () => Promise.resolve({ how: 'unchanged' }), release: () => Promise.resolve() }
}
