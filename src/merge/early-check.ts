import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import { type Objects, openObjects } from '../changes/objects.ts'
import { TroupeError } from '../errors.ts'
import type { CommitId, TaskId } from '../ids.ts'
import { blame, type TestVerdict } from './blame.ts'
import type { Check, RunCommand } from './check.ts'
import { type Checker, type CheckerWorld, openChecker } from './checker.ts'
import { timeless, writeCommit } from '../changes/commit.ts'
import { runsFor } from './check-alone.ts'
import { foldSides } from './fold-sides.ts'
import type { CheckResult } from './proposal.ts'

/** What is checked while tasks work. */
export interface EarlyCheckRequest {
  /** What has been completed, and what tasks under way have written so far. */
  readonly changeSets: readonly ChangeSet[]
  readonly checks: readonly Check[]
  /** What runs in the checkout before the checks. */
  readonly prepare: readonly Check[]
}

/** A check that the work of several tasks breaks together, though it passes without any one of them. */
export interface EarlyFailure {
  readonly check: string
  readonly tasks: readonly TaskId[]
  /** The last lines that it said. */
  readonly output: string
}

/** What is sure: of a check that only one task's unfinished work breaks, or that fails by chance, nothing is said. */
export interface EarlyVerdict {
  readonly passed: readonly string[]
  readonly failed: readonly EarlyFailure[]
}

/** Checks early, one request at a time. */
export interface EarlyChecker {
  check(request: EarlyCheckRequest): Promise<EarlyVerdict>
  /** Ends the check under way. */
  cancel(): void
}

/** Tasks still work: they come first. Attempts may be judged meanwhile, in checkouts of their own. */
export function openEarlyChecker(world: Omit<CheckerWorld, 'settings'>, base: CommitId): EarlyChecker {
  let current = new AbortController()
  return {
    check(request) {
      current = new AbortController()
      const signal = AbortSignal.any([world.signal, current.signal])
      const settings = { prepare: request.prepare, reusePasses: true, atOnce: 1 }
      const runCommand = atLowPriority(world.runCommand)
      const checker = openChecker({ ...world, maker: 'early', signal, runCommand, settings })
      return checkEarly({ git: world.git, base, checker }, request)
    },
    cancel() {
      current.abort(new TroupeError('INTERNAL', 'the run has settled'))
    },
  }
}

function atLowPriority(run: RunCommand): RunCommand {
  if (process.platform === 'win32') return run
  return ({ argv, ...more }, watch) => run({ ...more, argv: ['nice', '-n', '10', ...argv] }, watch)
}

interface EarlyWorld {
  readonly git: Git
  readonly base: CommitId
  readonly checker: Checker
}

/** Checks the union of all that goes together as of now, and names the tasks whose work does not by a check. */
async function checkEarly(world: EarlyWorld, { changeSets, checks }: EarlyCheckRequest): Promise<EarlyVerdict> {
  await using objects = openObjects(world.git)
  const whole = await unionOf(world, objects, changeSets)
  const results = await world.checker.check(whole.commit, checks)
  const passed = results.flatMap(({ name, verdict }) => (verdict === 'pass' ? [name] : []))
  const failed: EarlyFailure[] = []
  for (const [at, { verdict }] of results.entries()) {
    const check = checks[at]
    if (verdict !== 'fail' || check === undefined) continue
    const runs = await runsFor(world.checker, { checks, at, whole: whole.commit, base: world.base })
    const failure = await brokenTogether(world, objects, { landed: whole.landed, check, runs })
    if (failure !== null) failed.push(failure)
  }
  return { passed, failed }
}

/** Unfinished work often breaks a check by itself: so many tasks are set aside to see whether others break it together. */
const mostSetAside = 3

/** Those that break a check only together; null when none are known to. */
async function brokenTogether(
  world: EarlyWorld,
  objects: Objects,
  { landed, check, runs }: Suspects,
): Promise<EarlyFailure | null> {
  let suspects = landed
  for (let aside = 0; suspects.length > 1 && aside <= mostSetAside; aside += 1) {
    const culprits = await culpritsOf(world, objects, { landed: suspects, check, runs })
    if (culprits.length === 0) return null
    if (culprits.length > 1) {
      const result = await resultOf(world, objects, { landed: culprits, check, runs })
      return { check: check.name, tasks: culprits.map(({ task }) => task), output: result?.outputTail ?? '' }
    }
    suspects = suspects.filter((one) => !culprits.includes(one))
    const rest = await resultOf(world, objects, { landed: suspects, check, runs })
    if (rest?.verdict !== 'fail') return null
  }
  return null
}

async function resultOf(
  world: EarlyWorld,
  objects: Objects,
  { landed, runs }: Suspects,
  afresh = false,
): Promise<CheckResult | undefined> {
  const { commit } = await unionOf(world, objects, landed)
  return (await world.checker.check(commit, runs, afresh)).at(-1)
}

interface Union {
  readonly commit: CommitId
  /** Those that go together. */
  readonly landed: readonly ChangeSet[]
}

async function unionOf({ git, base }: EarlyWorld, objects: Objects, changeSets: readonly ChangeSet[]): Promise<Union> {
  const sides = changeSets.map(({ commit }) => commit)
  const { tree, landed } = await foldSides({ git, objects, base, sides, policy: { upTo: 'certain', off: [] } })
  if (tree === null) return { commit: base, landed: [] }
  const message = 'what tasks have written so far\n'
  const commit = await writeCommit(git, { tree, parents: [base], message, seconds: timeless })
  return { commit, landed: landed.flatMap((number) => changeSets[number] ?? []) }
}

interface Suspects {
  readonly landed: readonly ChangeSet[]
  readonly check: Check
  /** What is run for its verdict. */
  readonly runs: readonly Check[]
}

async function culpritsOf(
  world: EarlyWorld,
  objects: Objects,
  { landed, ...broken }: Suspects,
): Promise<readonly ChangeSet[]> {
  const those = (numbers: readonly number[]): readonly ChangeSet[] => numbers.flatMap((one) => landed[one] ?? [])
  const test = async (numbers: readonly number[], afresh: boolean): Promise<TestVerdict> =>
    (await resultOf(world, objects, { ...broken, landed: those(numbers) }, afresh))?.verdict ?? 'not-run'
  const found = await blame({ count: landed.length, test })
  return found.how === 'culprits' ? those(found.culprits) : []
}
