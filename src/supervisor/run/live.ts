import type { TaskId } from '../../ids.ts'

/** What an attempt says while it works. None of it passes `decide`. */
export interface LiveLine {
  readonly lastOutput: string
  readonly progress: string
  readonly pid: number | null
}

/** The latest word of every attempt under way; forgotten when the attempt ends, so that it stays small. */
export interface LiveBoard {
  of(task: TaskId): LiveLine
  update(task: TaskId, change: Partial<LiveLine>): void
  forget(task: TaskId): void
  /** What the aggregator says of how far it is; empty while it says nothing. */
  merging(): string
  tellMerging(text: string): void
}

/** An empty board. */
export function openLiveBoard(): LiveBoard {
  const lines = new Map<TaskId, LiveLine>()
  let merging = ''
  const of = (task: TaskId): LiveLine => lines.get(task) ?? silent
  return {
    of,
    update: (task, change) => void lines.set(task, { ...of(task), ...change }),
    forget: (task) => void lines.delete(task),
    merging: () => merging,
    tellMerging(text) {
      merging = text
    },
  }
}

const silent: LiveLine = { lastOutput: '', progress: '', pid: null }
