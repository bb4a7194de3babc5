import type { Judgement } from '../../merge/judge.ts'
import type { AttemptEnd } from './events.ts'

type Completed = Extract<AttemptEnd, { readonly how: 'completed' }>

/** One who has done the task, and what is said of it. */
export interface Judged {
  readonly end: Completed
  readonly judgement: Judgement
  /** The files that it changed although the task does not own them: such work never lands. */
  readonly outside: readonly string[]
}

/**
 * The place of the best: who kept to what the task owns before who did not; by the checks, then by how many of them fail; one who
 * changed something before one who did not; then the smaller diff, then who stands first.
 */
export function bestAmong(judged: readonly Judged[]): number {
  const order = judged.map((one, at) => ({ at, worth: worthOf(one) }))
  const [best] = order.toSorted((one, other) => compared(one.worth, other.worth) || one.at - other.at)
  return best?.at ?? -1
}

const ranks = { pass: 0, 'not-run': 1, fail: 2 } as const

const worthOf = ({ end, judgement: { verdict, failed, lines }, outside }: Judged): readonly number[] => [
  outside.length === 0 ? 0 : 1,
  ranks[verdict],
  failed.length,
  end.changeSet === null ? 1 : 0,
  lines,
]

function compared(one: readonly number[], other: readonly number[]): number {
  for (const [at, value] of one.entries()) {
    const difference = value - (other[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The end that stands for all where nobody has done it: one that waits for its provider is tried again, else the first. */
export const worstEnd = (ends: readonly AttemptEnd[]): number =>
  Math.max(
    0,
    ends.findIndex((end) => end.how === 'failed' && end.failure.kind === 'quota'),
  )
