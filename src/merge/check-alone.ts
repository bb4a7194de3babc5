import type { CommitId } from '../ids.ts'
import type { Check } from './check.ts'
import type { Checker } from './checker.ts'

/** A check that failed after others, and what it failed on. */
export interface FailedCheck {
  readonly checks: readonly Check[]
  /** Which of them. */
  readonly at: number
  /** Where it failed. */
  readonly whole: CommitId
  /** What all stands on. */
  readonly base: CommitId
}

/**
 * What must be run for the verdict of one check: it alone where that shows the difference between what it fails on and the base, else
 * those before it as well, since it needs what they leave behind.
 */
export async function runsFor(checker: Checker, { checks, at, whole, base }: FailedCheck): Promise<readonly Check[]> {
  const alone = checks.slice(at, at + 1)
  if (at === 0) return alone
  const [failing] = await checker.check(whole, alone)
  if (failing?.verdict !== 'fail') return checks.slice(0, at + 1)
  const [passing] = await checker.check(base, alone)
  return passing?.verdict === 'pass' ? alone : checks.slice(0, at + 1)
}
