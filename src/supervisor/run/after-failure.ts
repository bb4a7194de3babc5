import type { Failure } from '../../agents/failure.ts'
import type { CommitId } from '../../ids.ts'
import { type BackoffRules, type RuleTask, type RunRules, ruleAt } from './rules.ts'
import { pauseMs } from '../quota/pauses.ts'
import { release } from './release.ts'
import type { Command } from './schedule.ts'
import type { RunState, Tally } from './state.ts'
import { stop } from './stop.ts'
import { taskAt, withTally, withTask } from './task-change.ts'

/** A failed attempt, as the policy needs it. */
export interface FailedAttempt {
  readonly index: number
  readonly attempt: number
  readonly startedAt: number
  readonly endedAt: number
  readonly failure: Failure
  /** What it had written, sealed. */
  readonly left: CommitId | null
  /** 0 to 1. */
  readonly chance: number
}

/** Retries after a back-off, or gives up and says why. */
export function afterFailure(
  rules: RunRules,
  state: RunState,
  failed: FailedAttempt,
): readonly [RunState, readonly Command[]] {
  const { index, attempt, startedAt, endedAt, failure } = failed
  if (failure.kind === 'quota') return parked(rules, state, failed)
  const rule = ruleAt(rules, index)
  const before = taskAt(state, index).tally
  const tally = { ...before, ...tallied(before, failure), left: failed.left }
  const known = withTally(state, index, tally)
  const reason = refusal(rules, rule, state, { tally, failure })
  if (reason !== null) {
    const end = { phase: 'failed', attempt, startedAt, endedAt, failure, reason } as const
    const next = release(rules, withTask(rules, known, index, end), index)
    if (rules.onFailure !== 'stop' || next.phase.name !== 'working') return [next, []]
    return stop(rules, next, { how: 'graceful', reason: `task ${rule.id} failed`, interrupted: false })
  }
  const delayMs = backoffMs(rules.backoff, tally.attempts, failed.chance)
  const wait = { phase: 'backing-off', attempt, until: endedAt + delayMs, failure } as const
  return [withTask(rules, known, index, wait), [{ type: 'wake', task: rule.id, attempt, delayMs }]]
}

/** Waits for its provider, and counts against nothing. In a run that stops it is as if it had been stopped. */
function parked(rules: RunRules, before: RunState, failed: FailedAttempt): readonly [RunState, readonly Command[]] {
  const { index, attempt, failure, endedAt, chance } = failed
  const { tally } = taskAt(before, index)
  const parks = tally.parks + 1
  const state = withTally(before, index, { ...tally, parks, left: failed.left })
  if (state.phase.name !== 'working') {
    const reason = `the run was stopping; ${failure.message}`
    return [release(rules, withTask(rules, state, index, { phase: 'cancelled', attempt, reason }), index), []]
  }
  const guessed = endedAt + pauseMs(failure.class ?? 'rate_limit', parks, chance)
  const wanted = failure.until ?? heldUntil(rules, before, failed) ?? guessed
  const until = Math.max(wanted, endedAt + shortestParkMs)
  const wait = { phase: 'parked', attempt, until, failure } as const
  const delayMs = Math.min(longestParkMs, until - endedAt)
  return [withTask(rules, state, index, wait), [{ type: 'wake', task: ruleAt(rules, index).id, attempt, delayMs }]]
}

/** Where its provider is held for all who share it, a guess of its own would be another date for the same wait. */
function heldUntil(rules: RunRules, { holds }: RunState, { index, endedAt }: FailedAttempt): number | null {
  const provider = rules.providers.get(ruleAt(rules, index).agent)
  const hold = provider === undefined ? undefined : holds.get(provider)
  return hold === undefined || hold.until <= endedAt ? null : hold.until
}

/** However soon a provider lets itself be asked again: an attempt costs more than a call. In milliseconds. */
const shortestParkMs = 1_000

/** Whatever a provider says, it is asked again after this long, in milliseconds: a week. */
export const longestParkMs = 7 * 24 * 3_600_000

/** Exponential back-off with jitter: the delay before the attempt after `attempts`, in milliseconds. */
export function backoffMs(rules: BackoffRules, attempts: number, chance: number): number {
  const full = Math.min(rules.maxMs, rules.firstMs * rules.factor ** Math.min(attempts - 1, 60))
  return Math.round(full * (1 - rules.jitter * chance))
}

function tallied(tally: Tally, failure: Failure): Pick<Tally, 'attempts' | 'counted' | 'signature' | 'repeats'> {
  return {
    ...tally,
    counted: tally.counted + Number(countsAgainstRetries(failure)),
    signature: failure.signature,
    repeats: tally.signature === failure.signature ? tally.repeats + 1 : 1,
  }
}

const countsAgainstRetries = ({ kind }: Failure): boolean => kind !== 'infrastructure'

interface Judged {
  readonly tally: Tally
  readonly failure: Failure
}

function refusal(rules: RunRules, rule: RuleTask, state: RunState, { tally, failure }: Judged): string | null {
  if (state.phase.name === 'stopping') return 'the run was stopping'
  if (failure.kind === 'budget') return 'its budget is used up'
  if (failure.kind === 'conflict') return 'its needs cannot be merged, and a retry would not change that'
  if (countsAgainstRetries(failure) && tally.counted > rule.retries) {
    return rule.retries === 0 ? 'no retries were asked for' : `all ${rule.retries} retries are used`
  }
  return tally.repeats > rules.sameFailureLimit ? `it failed in the same way ${tally.repeats} times in a row` : null
}
