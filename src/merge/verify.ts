import type { CommitId, TaskId } from '../ids.ts'
import { blame } from './blame.ts'
import type { Candidate } from './candidate.ts'
import { type Check, notRun } from './check.ts'
import type { Fold } from './fold.ts'
import type { BlamedCheck, CheckResult } from './proposal.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'

/** What a fold is verified with. */
export interface VerifyRequest extends RemadeFoldRequest {
  readonly checks: readonly Check[]
  /** Runs checks on a commit. */
  check(commit: CommitId, checks: readonly Check[]): Promise<readonly CheckResult[]>
}

/** A fold with the answers of its checks, and who was left out for them. */
export interface VerifiedFold {
  readonly folded: Fold
  readonly checks: readonly CheckResult[]
  readonly blamed: readonly BlamedCheck[]
}

/**
 * Folds, checks the result, and as long as a check fails finds the change sets that break it, leaves the lightest of them out and
 * checks the rest again. A base that fails by itself, chance, or a strategy of all or nothing leave everything in.
 * Throws TroupeError GIT_FAILED as fold does.
 */
export async function verify(request: VerifyRequest): Promise<VerifiedFold> {
  const blamed: BlamedCheck[] = []
  let { candidates } = request
  for (;;) {
    const folded = await remadeFold({ ...request, candidates })
    const checks = await checked(request, folded)
    const failing = checks.findIndex(({ verdict }) => verdict === 'fail')
    const check = request.checks[failing]
    if (check === undefined || !request.policy.blame) return { folded, checks, blamed }
    const one = await blameFor({ ...request, candidates }, folded, check)
    blamed.push(one)
    if (one.how === 'flaky') return { folded, checks: await repeated(request, folded, checks), blamed }
    if (one.dropped === null) return { folded, checks, blamed }
    const { dropped, reason } = one
    candidates = candidates.map((candidate) =>
      candidate.changeSet.task === dropped ? { ...candidate, barred: reason } : candidate,
    )
  }
}

function checked(request: VerifyRequest, { commit }: Fold): Promise<readonly CheckResult[]> {
  const { base, checks } = request
  if (commit === base) return Promise.resolve(checks.map((check) => notRun(check, 'nothing landed')))
  return request.check(commit, checks)
}

/** What fails by chance is asked once more; each answer says so. */
async function repeated(
  request: VerifyRequest,
  folded: Fold,
  before: readonly CheckResult[],
): Promise<readonly CheckResult[]> {
  const again = await checked(request, folded)
  return again.map((result, at) =>
    before[at]?.verdict === 'fail' && result.verdict === 'pass'
      ? { ...result, reason: 'it failed before it passed: it is not to be relied on' }
      : result,
  )
}

async function blameFor(request: VerifyRequest, folded: Fold, check: Check): Promise<BlamedCheck> {
  const landed = request.candidates.filter(({ changeSet }) => folded.landings.get(changeSet.task)?.state === 'landed')
  const found = await blame({
    count: landed.length,
    async test(numbers) {
      const commit = await commitOf(request, withNeeds(landed, numbers))
      const [result] = await request.check(commit, [check])
      return result?.verdict ?? 'not-run'
    },
  })
  const { how, runs } = found
  const culprits = found.how === 'culprits' ? found.culprits.flatMap((number) => landed[number] ?? []) : []
  const tasks = culprits.map(({ changeSet }) => changeSet.task)
  const dropped = request.policy.strategy === 'all-or-nothing' ? null : lightest(culprits, landed)
  const others = tasks.filter((task) => task !== dropped)
  const together = others.length === 0 ? '' : ` together with ${others.join(', ')}`
  return { check: check.name, how, tasks, dropped, reason: `breaks the check ${check.name}${together}`, runs }
}

async function commitOf(request: VerifyRequest, candidates: readonly Candidate[]): Promise<CommitId> {
  return (await remadeFold({ ...request, policy: { ...request.policy, strategy: 'in-order' }, candidates })).commit
}

/** These candidates with all that they need, in their order. */
function withNeeds(all: readonly Candidate[], numbers: readonly number[]): readonly Candidate[] {
  const byTask = new Map(all.map((one) => [one.changeSet.task, one]))
  const taken = new Set<TaskId>()
  const take = ({ changeSet, needs }: Candidate): void => {
    if (taken.has(changeSet.task)) return
    taken.add(changeSet.task)
    for (const need of needs) {
      const needed = byTask.get(need)
      if (needed !== undefined) take(needed)
    }
  }
  for (const number of numbers) {
    const one = all[number]
    if (one !== undefined) take(one)
  }
  return all.filter(({ changeSet }) => taken.has(changeSet.task))
}

/** The lowest priority, then the one that fewest others need, then the last in the manifest; null when there is none. */
function lightest(culprits: readonly Candidate[], landed: readonly Candidate[]): TaskId | null {
  const needed = ({ changeSet }: Candidate): number =>
    landed.filter(({ needs }) => needs.includes(changeSet.task)).length
  const [light] = culprits
    .toReversed()
    .toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0) || needed(a) - needed(b))
  return light?.changeSet.task ?? null
}
