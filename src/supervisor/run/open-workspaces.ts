import type { Repository } from '../../changes/repository.ts'
import { seal } from '../../changes/seal.ts'
import { openSharedCheckouts } from '../../changes/shared-checkout.ts'
import { openWorktrees, type Worktree } from '../../changes/worktree.ts'
import type { Clock } from '../../clock.ts'
import type { RunId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import { changeSetRef } from '../../refs.ts'
import type { Sealing, Workspace, WorkspaceOrder, Workspaces } from './workspaces.ts'

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
    const worktree = await worktrees.create(`${task.id}.${attempt}`, base)
    return {
      directory: worktree.directory,
      seal: () => sealOf(worktree, task, attempt),
      release: () => worktrees.remove(worktree),
    }
  }

  async function sealOf(worktree: Worktree, task: Task, attempt: number): Promise<Sealing> {
    const ref = changeSetRef(run, task.id, attempt)
    const at = Math.floor(clock.now() / 1_000)
    const { id, agent } = task
    const sealed = await seal(repository.git, {
      worktree,
      task: id,
      agent,
      attempt,
      run,
      ref,
      at,
      message: titleOf(task),
    })
    return sealed.changed ? { how: 'changed', changeSet: sealed.changeSet } : { how: 'unchanged' }
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

/** A place that is not the attempt's own: nothing in it becomes a change set. */
function lookingAt(directory: string): Workspace {
  return { directory, seal: () => Promise.resolve({ how: 'unchanged' }), release: () => Promise.resolve() }
}

function titleOf({ id, verb, prompt, files }: Task): string {
  const [firstLine = ''] = (prompt ?? '').split('\n')
  const what = firstLine === '' ? files.join(' ') : firstLine
  return `${id}: ${verb} ${what}`.trim().slice(0, 200)
}
