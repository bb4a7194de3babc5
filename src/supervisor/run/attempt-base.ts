import type { ChangeSet } from '../../changes/change-set.ts'
import type { TaskId } from '../../ids.ts'
import type { RunRules } from './rules.ts'
import { ruleAt } from './rules.ts'
import type { RunState } from './state.ts'
import { taskAt } from './task-change.ts'

/**
 * The change sets that a task starts from: those of the tasks it waits for or was rebased onto, in manifest order.
 * A task that changed nothing stands for those that it started from itself.
 */
export function changeSetsBehind(rules: RunRules, state: RunState, index: number): readonly ChangeSet[] {
  const found = new Map<number, ChangeSet>()
  const seen = new Set<number>()
  const open = [...predecessorsOf(rules, state, index)]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const { state: task } = taskAt(state, next)
    if (task.phase !== 'succeeded') continue
    if (task.changeSet === null) open.push(...predecessorsOf(rules, state, next))
    else found.set(next, task.changeSet)
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([, changeSet]) => changeSet)
}

/** What a task needs, and whose work it has begun from besides: without these it can be no part of a proposal. */
export function foundationsOf(rules: RunRules, state: RunState, index: number): readonly TaskId[] {
  if (predecessorsOf(rules, state, index).length === 0) return none
  const needs = ruleAt(rules, index).needs.map((need) => ruleAt(rules, need).id)
  const behind = changeSetsBehind(rules, state, index).map(({ task }) => task)
  return [...new Set([...needs, ...behind])]
}

const none: readonly never[] = []

function predecessorsOf(rules: RunRules, state: RunState, index: number): readonly number[] {
  const { needs, after } = ruleAt(rules, index)
  return [...needs, ...after, ...taskAt(state, index).tally.onto]
}
