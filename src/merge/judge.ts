import type { Git } from '../changes/git.ts'
import type { CommitId } from '../ids.ts'
import { type Check, overallVerdict } from './check.ts'
import type { Checker } from './checker.ts'
import type { CheckSettings } from './proposal-request.ts'
import type { Verdict } from './proposal.ts'

/** Several answers to one question. */
export interface JudgeRequest {
  /** Each as the commit that it was made on, and its own; the same where nothing was changed. */
  readonly candidates: readonly { readonly base: CommitId; readonly commit: CommitId }[]
  readonly checks: readonly Check[]
  readonly settings: CheckSettings
}

/** What can be said of one of them. */
export interface Judgement {
  readonly verdict: Verdict
  /** Names of the checks that failed. */
  readonly failed: readonly string[]
  /** Lines that were added or taken away; of a binary file 1. */
  readonly lines: number
}

/** Checks each candidate by itself, and measures what it has changed. */
export async function judge(
  { git, checker }: { readonly git: Git; readonly checker: Checker },
  { candidates, checks }: JudgeRequest,
): Promise<readonly Judgement[]> {
  return await Promise.all(
    candidates.map(async ({ base, commit }) => {
      const [results, lines] = await Promise.all([
        checks.length === 0 ? [] : checker.check(commit, checks),
        base === commit ? 0 : changedLines(git, base, commit),
      ])
      const failed = results.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)
      return { verdict: overallVerdict(results), failed, lines }
    }),
  )
}

async function changedLines(git: Git, base: CommitId, commit: CommitId): Promise<number> {
  const listed = await git.text([
    'diff-tree',
    '-r',
    '--numstat',
    '--no-renames',
    '--ignore-submodules=none',
    base,
    commit,
  ])
  const counts = [...listed.matchAll(/^(\d+|-)\t(\d+|-)\t/gm)].map(([, added, removed]) =>
    added === '-' ? 1 : Number(added) + Number(removed),
  )
  return counts.reduce((sum, one) => sum + one, 0)
}
