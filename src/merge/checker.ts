import { openSlots } from '../changes/slots.ts'
import { must } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import { type Check, passedBefore } from './check.ts'
import { canPrepare, checkCommit, type CommitCheckWorld } from './check-commit.ts'
import { type Passes, passKey } from './passes.ts'
import type { CheckSettings } from './proposal-request.ts'
import type { CheckResult } from './proposal.ts'

/** What commits are checked with. */
export interface CheckerWorld extends CommitCheckWorld {
  readonly settings: CheckSettings
  /** Of this run and earlier ones. */
  readonly passes: Passes
}

/** Answers for commits; a tree is not checked twice unless that is asked for. */
export interface Checker {
  /** How many commits are checked at once. */
  readonly atOnce: number
  /**
   * Runs the checks on a commit one after the other in a checkout of its own, or answers with what is known of its tree. A check may need
   * what those before it have left there: what is known of it is known of it after them.
   * @param afresh whatever is known
   */
  check(commit: CommitId, checks: readonly Check[], afresh?: boolean): Promise<readonly CheckResult[]>
  /** Whether what prepares a checkout passes on a commit. */
  prepares(commit: CommitId): Promise<boolean>
  /** How often checks have been run so far, those of one checkout together: what was known is not counted. */
  ran(): number
}

/**
 * Opens a checker. Of earlier runs only a pass counts, and only of a check that has not failed as well on that tree: what failed then
 * may have failed for the machine's sake.
 */
export function openChecker(world: CheckerWorld): Checker {
  const { git, passes, settings } = world
  const known = new Map<string, Promise<CheckResult>>()
  const failed = new Set<string>()
  const places = openPlaces(settings.atOnce)
  let ran = 0
  const setUp = settings.prepare.map(({ command }) => command)

  async function run(commit: CommitId, { all, asked }: Sequence, afresh: boolean): Promise<readonly CheckResult[]> {
    const keys = asked.map(({ key }) => key)
    const passed = afresh || !settings.reusePasses ? new Set<string>() : await passes.among(keys)
    const rest = asked.filter(({ key }) => !passed.has(key))
    const seen = rest.length === 0 ? new Map<string, CheckResult>() : await runInTurn(commit, { all, asked: rest })
    await remember(seen)
    return asked.map(({ key, check }) => seen.get(key) ?? passedBefore(check))
  }

  /** What fails where those before it were left out may need what they leave behind: it is judged after them. */
  async function runInTurn(commit: CommitId, { all, asked }: Sequence): Promise<ReadonlyMap<string, CheckResult>> {
    const seen = await runSome(commit, asked)
    const lastBad = all.findLastIndex(({ key }) => seen.get(key)?.verdict === 'fail')
    const isWhole = all.slice(0, lastBad + 1).every(({ key }) => seen.has(key))
    return isWhole ? seen : new Map([...seen, ...(await runSome(commit, all.slice(0, lastBad + 1)))])
  }

  async function runSome(commit: CommitId, asked: readonly Asked[]): Promise<ReadonlyMap<string, CheckResult>> {
    const { prepare } = settings
    const checks = asked.map(({ check }) => check)
    ran += 1
    const results = await places.use((name) => checkCommit(world, commit, { name, prepare, checks }))
    return new Map(results.map((result, at) => [nth(asked, at).key, result]))
  }

  async function remember(seen: ReadonlyMap<string, CheckResult>): Promise<void> {
    const withVerdict = (verdict: CheckResult['verdict']): readonly string[] =>
      [...seen].flatMap(([key, result]) => (result.verdict === verdict ? [key] : []))
    const [bad, good] = [withVerdict('fail'), withVerdict('pass')]
    for (const key of bad) failed.add(key)
    for (const key of withVerdict('not-run')) known.delete(key)
    if (bad.length > 0) await passes.remove(bad)
    const sure = good.filter((key) => !failed.has(key))
    if (sure.length > 0) await passes.add(sure)
  }

  return {
    atOnce: settings.atOnce,
    ran: () => ran,
    prepares: (commit) => places.use((name) => canPrepare(world, commit, { name, prepare: settings.prepare })),
    async check(commit, checks, afresh = false) {
      const tree = await git.text(['rev-parse', '--verify', `${commit}^{tree}`])
      const commands = checks.map(({ command }) => command)
      const all = checks.map((check, at) => ({
        check,
        key: passKey(tree, [...setUp, ...commands.slice(0, at)], check.command),
      }))
      const asked = all.filter(({ key }) => afresh || !known.has(key))
      const results = run(commit, { all, asked }, afresh)
      for (const [at, { key }] of asked.entries())
        known.set(
          key,
          results.then((some) => nth(some, at)),
        )
      return await Promise.all(all.map(async ({ check, key }) => ({ ...(await must(known, key)), name: check.name })))
    },
  }
}

/** All checks in their order, and those that an answer is wanted for. */
interface Sequence {
  readonly all: readonly Asked[]
  readonly asked: readonly Asked[]
}

interface Asked {
  readonly check: Check
  readonly key: string
}

function nth<Item>(items: readonly Item[], at: number): Item {
  const item = items[at]
  if (item === undefined) throw new RangeError(`nothing at ${at}`)
  return item
}

/** Names of checkouts, each in use once. */
function openPlaces(count: number): { use<Result>(work: (name: string) => Promise<Result>): Promise<Result> } {
  const slots = openSlots(count)
  const free = Array.from({ length: count }, (_, at) => `check-${at + 1}`)
  return {
    use: (work) =>
      slots.use(async () => {
        const name = free.shift() ?? 'check'
        try {
          return await work(name)
        } finally {
          free.unshift(name)
        }
      }),
  }
}
