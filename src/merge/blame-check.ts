import { openSlots } from '../changes/slots.ts'
import type { CommitId, TaskId } from '../ids.ts'
import { type Blame, blame, mostRuns, mostRunsByChance } from './blame.ts'
import { blameSentence } from './blame-sentence.ts'
import type { Candidate } from './candidate.ts'
import type { Check } from './check.ts'
import { type FailedCheck, runsFor } from './check-alone.ts'
import type { Checker } from './checker.ts'
import type { Fold } from './fold.ts'
import type { BlamedCheck, CheckResult, SeenPart } from './proposal.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'

/** What is needed to find out who breaks a check. */
export interface BlameRequest extends RemadeFoldRequest {
  readonly checker: Checker
  /** Told how far it is, in a line for people. */
  readonly tell: (text: string) => void
}

/** A check of the manifest that fails. */
export interface FailingCheck extends Pick<FailedCheck, 'checks' | 'at'> {
  readonly check: Check
}

/** Finds the smallest set of landed change sets that breaks a check, and which of them is to be left out for it. */
export async function blameCheck(request: BlameRequest, folded: Fold, failing: FailingCheck): Promise<BlamedCheck> {
  const { checker, policy, base } = request
  const { check } = failing
  const landed = request.candidates.filter(({ changeSet }) => folded.landings.get(changeSet.task)?.state === 'landed')
  const seen = new Map<string, CheckResult>()
  const before = checker.ran()
  const checks = await runsFor(checker, { ...failing, whole: folded.commit, base })
  const folding = openSlots(1) // making files anew has one checkout
  let tests = 0
  const found = await blame({
    count: landed.length,
    atOnce: checker.atOnce,
    async test(numbers, afresh) {
      tests += 1
      request.tell(progressText(check, tests, landed.length))
      const commit = await folding.use(() => commitOf(request, withNeeds(landed, numbers)))
      const result = (await checker.check(commit, checks, afresh)).at(-1)
      const key = numbers.join()
      // the same set may be tested several times at once: that one test could not run is what counts
      if (result !== undefined && seen.get(key)?.verdict !== 'not-run') seen.set(key, result)
      return result?.verdict ?? 'not-run'
    },
  })
  const culprits = found.how === 'culprits' ? found.culprits.flatMap((number) => landed[number] ?? []) : []
  const tasks = culprits.map(({ changeSet }) => changeSet.task)
  const dropped = policy.strategy === 'all-or-nothing' ? null : lightest(culprits, landed)
  const others = tasks.filter((task) => task !== dropped)
  const together = others.length === 0 ? '' : ` together with ${others.join(', ')}`
  const parts = partsSeen(found, seen, (numbers) => numbers.flatMap((one) => landed[one]?.changeSet.task ?? []))
  return {
    check: check.name,
    how: found.how,
    tasks,
    dropped,
    reason: `breaks the check ${check.name}${together}`,
    sentence: blameSentence({ check: check.name, how: found.how, tasks, seen: parts }),
    seen: parts,
    runs: checker.ran() - before,
  }
}

function progressText({ name }: Check, tests: number, count: number): string {
  const sure = mostRuns(count)
  return `check "${name}" fails; looking for the cause: run ${tests} of at most ${tests <= sure ? sure : mostRunsByChance(count)}`
}

type NamesOf = (numbers: readonly number[]) => readonly TaskId[]

/** What was seen of the whole that is to blame and of each of its parts. */
function partsSeen(found: Blame, seen: ReadonlyMap<string, CheckResult>, namesOf: NamesOf): readonly SeenPart[] {
  if (found.how === 'base') return seenPart([], seen, namesOf)
  if (found.how === 'unknown') {
    const last = [...seen].findLast(([, { verdict }]) => verdict === 'not-run')
    return last === undefined ? [] : seenPart(numbersOf(last[0]), seen, namesOf)
  }
  if (found.how !== 'culprits') return []
  const { culprits } = found
  const alone = culprits.length === 1 ? [] : culprits.map((one) => [one])
  return [culprits, ...alone].flatMap((numbers) => seenPart(numbers, seen, namesOf))
}

/** What passed with more was not run by itself. */
function seenPart(
  numbers: readonly number[],
  seen: ReadonlyMap<string, CheckResult>,
  namesOf: NamesOf,
): readonly SeenPart[] {
  const exact = seen.get(numbers.join())
  const passed = [...seen].find(([key, { verdict }]) => verdict === 'pass' && holds(numbersOf(key), numbers))
  const [within, result] = exact === undefined ? (passed ?? []) : [null, exact]
  if (within === undefined || result === undefined) return []
  const { verdict, reason, outputTail, log } = result
  const partOf = within === null ? null : namesOf(numbersOf(within))
  return [{ tasks: namesOf(numbers), verdict, reason, partOf, outputTail: endOf(outputTail), log }]
}

const numbersOf = (key: string): readonly number[] => (key === '' ? [] : key.split(',').map(Number))

const holds = (all: readonly number[], some: readonly number[]): boolean => some.every((one) => all.includes(one))

const shownCharacters = 4_000

/** The last lines of an output; the rest is in its log. */
function endOf(output: string): string {
  if (output.length <= shownCharacters) return output
  const end = output.slice(-shownCharacters)
  return end.slice(end.indexOf('\n') + 1)
}

async function commitOf(request: RemadeFoldRequest, candidates: readonly Candidate[]): Promise<CommitId> {
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
