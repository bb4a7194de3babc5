import type { WriteAnswer } from '../../agents/agent.ts'
import type { TaskId } from '../../ids.ts'
import { filesOutside } from '../../merge/owns.ts'
import type { Task } from '../../plan/task.ts'

/** Which running task may write which files. */
export interface HeldFiles {
  /** Whether a task may write all of these; if so it holds them from now on. */
  ask(task: Pick<Task, 'id' | 'owns'>, paths: readonly string[]): WriteAnswer
  /** The task's attempt has ended. */
  release(task: TaskId): void
}

/** Nothing is held. */
export function openHeldFiles(): HeldFiles {
  const holders = new Map<string, TaskId>()
  return {
    ask({ id, owns }, paths) {
      const reason = refusal({ id, owns }, paths, holders)
      if (reason !== null) return { allowed: false, reason }
      for (const path of paths) holders.set(path, id)
      return { allowed: true }
    },
    release(task) {
      for (const [path, holder] of holders) if (holder === task) holders.delete(path)
    },
  }
}

function refusal(
  { id, owns }: Pick<Task, 'id' | 'owns'>,
  paths: readonly string[],
  holders: ReadonlyMap<string, TaskId>,
): string | null {
  const astray = paths.find((path) => !isWithin(path))
  if (astray !== undefined) return `${astray} is not a path inside the repository`
  const [outside] = filesOutside(owns, paths)
  if (outside !== undefined) return `${outside} is outside what this task may write: ${(owns ?? []).join(', ')}`
  const held = paths.find((path) => holders.has(path) && holders.get(path) !== id)
  if (held === undefined) return null
  return `${held} is being written by task ${holders.get(held)}, which is still running`
}

const isWithin = (path: string): boolean =>
  path !== '' &&
  !/^(?:[/\\]|[A-Za-z]:)/.test(path) &&
  !path.split(/[/\\]/).some((part) => part === '..' || part === '.')
