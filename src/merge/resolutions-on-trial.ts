import type { TaskId } from '../ids.ts'
import { barring, type Candidate } from './candidate.ts'
import { overallVerdict } from './check.ts'
import { sortConflicts } from './conflict.ts'
import type { Fold } from './fold.ts'
import type { CheckResult, Trial } from './proposal.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'
import type { VerifiedFold, VerifyRequest } from './verified-fold.ts'

/** A request whose resolvers may go as far as they do without a check. */
export function surely<Request extends Pick<VerifyRequest, 'policy'>>(request: Request): Request {
  const { policy } = request
  if (policy.resolvers?.upTo !== 'checked') return request
  return { ...request, policy: { ...policy, resolvers: { ...policy.resolvers, upTo: 'likely' } } }
}

/**
 * Tries what is only made whole by resolutions that need a check, on top of what is verified: all of it, and where a check fails each
 * half. Only what is green stays. For m tasks that takes at most 2m - 1 runs of the checks.
 */
export async function tryResolutions(given: VerifyRequest, verified: VerifiedFold): Promise<VerifiedFold> {
  const request = { ...given, candidates: barring(given.candidates, verified.blamed) }
  const untried = (reason: string): VerifiedFold => ({
    ...verified,
    trial: { kept: [], refused: [], runs: 0, reason },
  })
  if (request.checks.length === 0) return untried('there is no check')
  if (overallVerdict(verified.checks) !== 'pass') return untried('the checks do not pass without them')
  if (verified.blamed.some(({ how }) => how === 'flaky')) return untried('a check passes and fails by chance')
  const sure = verified.folded
  const all = await foldOnTrial(request, sure, leftOut(sure))
  const tried = leftOut(sure).filter((task) => all.landings.get(task)?.state === 'landed')
  if (tried.length === 0) return { ...verified, trial: { kept: [], refused: [], runs: 0, reason: null } }
  const search = new Trials(request, verified)
  const kept = await search.keep([], tried)
  const refused = tried.filter((task) => !kept.includes(task))
  const trial: Trial = { kept, refused, runs: search.runs, reason: null }
  return { ...verified, ...search.best, trial }
}

/** What is verified, and on top of it these of the tasks that were left out, with every resolver that is allowed. */
export async function foldOnTrial(request: RemadeFoldRequest, sure: Fold, tasks: readonly TaskId[]): Promise<Fold> {
  const byTask = new Map(request.candidates.map((one) => [one.changeSet.task, one]))
  const landed = [...sure.landings].flatMap(([task, { state }]) => (state === 'landed' ? [task] : []))
  const candidates = withNobodyMissing(
    [...landed, ...tasks].flatMap((task) => byTask.get(task) ?? []),
    sure,
  )
  const policy = { ...request.policy, strategy: 'in-order' as const }
  const folded = await remadeFold({ ...request, candidates, policy })
  const isOut = (task: TaskId): boolean => folded.landings.get(task)?.state !== 'landed'
  const landings = new Map([...folded.landings].filter(([task]) => !isOut(task)))
  const others = [...sure.landings].filter(([task]) => !landings.has(task))
  return {
    ...folded,
    landings: new Map([...landings, ...others]),
    conflicts: sortConflicts(sure.conflicts.filter(({ theirs }) => isOut(theirs))),
  }
}

/** Without those that need one that was left out and is not tried with them. */
function withNobodyMissing(
  candidates: readonly Candidate[],
  { landings }: Pick<Fold, 'landings'>,
): readonly Candidate[] {
  const asked = new Set(candidates.map(({ changeSet }) => changeSet.task))
  const isMissing = (need: TaskId): boolean => landings.get(need)?.state === 'left-out' && !asked.has(need)
  const whole = candidates.filter(({ needs }) => !needs.some(isMissing))
  return whole.length === candidates.length ? whole : withNobodyMissing(whole, { landings })
}

/** Those that merge with nothing, or need one that does not. */
const leftOut = ({ landings }: Fold): readonly TaskId[] =>
  [...landings].flatMap(([task, { state }]) => (state === 'left-out' ? [task] : []))

class Trials {
  readonly #request: VerifyRequest
  readonly #sure: Fold
  best: { readonly folded: Fold; readonly checks: readonly CheckResult[] }
  runs = 0

  constructor(request: VerifyRequest, { folded, checks }: VerifiedFold) {
    this.#request = request
    this.#sure = folded
    this.best = { folded, checks }
  }

  /** Those kept so far, and whatever of `tasks` is green with them. */
  async keep(kept: readonly TaskId[], tasks: readonly TaskId[]): Promise<readonly TaskId[]> {
    const folded = await foldOnTrial(this.#request, this.#sure, [...kept, ...tasks])
    const gained = tasks.filter((task) => folded.landings.get(task)?.state === 'landed')
    if (gained.length === 0 || kept.some((task) => folded.landings.get(task)?.state !== 'landed')) return kept
    const { checker, checks, tell } = this.#request
    this.runs += 1
    tell(`trying resolutions that need a check: ${gained.join(', ')}`)
    const results = await checker.check(folded.commit, checks)
    if (overallVerdict(results) === 'pass') {
      this.best = { folded, checks: results }
      return [...kept, ...gained]
    }
    if (gained.length === 1) return kept
    const middle = gained.length >> 1
    return await this.keep(await this.keep(kept, gained.slice(0, middle)), gained.slice(middle))
  }
}
