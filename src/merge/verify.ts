import { blameCheck } from './blame-check.ts'
import { barring } from './candidate.ts'
import { notRun } from './check.ts'
import { isUnprepared } from './check-commit.ts'
import type { Fold } from './fold.ts'
import type { BlamedCheck, CheckResult } from './proposal.ts'
import { remadeFold } from './remade-fold.ts'
import { surely, tryResolutions } from './resolutions-on-trial.ts'
import type { VerifiedFold, VerifyRequest } from './verified-fold.ts'

/**
 * Folds, checks the result, and as long as a check fails finds the change sets that break it, leaves the lightest of them out and
 * checks the rest again. A base that fails by itself, chance, or a strategy of all or nothing leave everything in. Then what is only
 * made whole by resolutions that need a check is tried, where the policy allows them.
 * Throws TroupeError GIT_FAILED as fold does.
 */
export async function verify(request: VerifyRequest): Promise<VerifiedFold> {
  const verified = await verifySurely(surely(request))
  return request.policy.resolvers?.upTo === 'checked' ? await tryResolutions(request, verified) : verified
}

async function verifySurely(request: VerifyRequest): Promise<VerifiedFold> {
  const blamed: BlamedCheck[] = []
  let { candidates } = request
  for (;;) {
    const folded = await remadeFold({ ...request, candidates })
    const checks = await checked(request, folded)
    const failing = checks.findIndex(({ verdict }) => verdict === 'fail')
    const check = request.checks[failing]
    const verified = { folded, checks, blamed, trial: null }
    if (check === undefined || !request.policy.blame) return verified
    const one = await blameCheck({ ...request, candidates }, folded, { checks: request.checks, at: failing, check })
    blamed.push(one)
    if (one.how === 'flaky') return { ...verified, checks: await repeated(request, folded, checks) }
    if (one.dropped === null) return verified
    candidates = barring(candidates, [one])
  }
}

async function checked(request: VerifyRequest, { commit }: Fold, afresh = false): Promise<readonly CheckResult[]> {
  const { base, checks, checker, tell } = request
  if (commit === base) return checks.map((check) => notRun(check, 'nothing landed'))
  if (checks.length > 0) tell(`checking the merged tree: ${checks.map(({ name }) => name).join(', ')}`)
  const results = await checker.check(commit, checks, afresh)
  if (!results.some(isUnprepared)) return results
  const told = (await checker.prepares(base))
    ? 'the base alone is prepared'
    : 'the base alone cannot be prepared either'
  return results.map((result) => (isUnprepared(result) ? { ...result, reason: `${result.reason}; ${told}` } : result))
}

/** What fails by chance is asked once more; each answer says so. */
async function repeated(
  request: VerifyRequest,
  folded: Fold,
  before: readonly CheckResult[],
): Promise<readonly CheckResult[]> {
  const again = await checked(request, folded, true)
  return again.map((result, at) =>
    before[at]?.verdict === 'fail' && result.verdict === 'pass'
      ? { ...result, reason: 'it failed before it passed: it is not to be relied on' }
      : result,
  )
}
