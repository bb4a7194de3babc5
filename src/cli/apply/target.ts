import type { Standing } from '../../changes/apply.ts'
import { TroupeError } from '../../errors.ts'
import type { CommitId, TaskId } from '../../ids.ts'
import { bringOnto } from '../../merge/bring-onto.ts'
import { isUnchecked, overallVerdict } from '../../merge/check.ts'
import { quoted } from '../../merge/conflict-message.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { Fold } from '../../merge/fold.ts'
import { landedOnBranch } from '../../merge/landed-on-branch.ts'
import type { CheckResult } from '../../merge/proposal.ts'
import { surely } from '../../merge/resolutions-on-trial.ts'
import { plainText } from '../../plain-text.ts'
import type { FoundRun } from '../find-run.ts'
import { policyOf } from '../refold.ts'
import { remakeAsRecorded } from '../remake-as-recorded.ts'
import type { RunReading } from '../read-run.ts'
import type { Applicable } from './applicable.ts'

/** How much is asked of what a branch moves to. */
export interface Demands {
  /** Also when a check fails or cannot run. */
  readonly force: boolean
  /** Also when not all of it goes with what the branch has gained. */
  readonly partial: boolean
  /** Whether what is not checked yet is checked. */
  readonly check: boolean
}

/** What a branch moves to, and what is known of it. */
export interface Target {
  readonly commit: CommitId
  /** Null where it was not checked. */
  readonly checks: readonly CheckResult[] | null
  /** What did not go with what the branch has gained. */
  readonly left: readonly { readonly task: TaskId; readonly reason: string }[]
  /** Tasks whose work the branch had already. */
  readonly held: readonly TaskId[]
  readonly conflicts: readonly Conflict[]
}

/** What targets are made from. */
export interface TargetParts {
  readonly run: FoundRun
  readonly reading: RunReading
  readonly work: Applicable
  readonly demands: Demands
  /** Runs the manifest's checks on a commit. */
  check(commit: CommitId): Promise<readonly CheckResult[]>
}

/**
 * What a branch moves to: the work as it is, or, where the branch does not stand on its base, its change sets folded onto the
 * branch; checked, where nothing is known of it yet, or its checks could not run.
 * @throws TroupeError BRANCH_CONFLICTS when it does not go with what the branch has gained, CHECK_FAILED when a check fails,
 * CHECK_NOT_RUN when one could not run
 */
export async function targetFor(parts: TargetParts, standing: Standing): Promise<Target> {
  const { work } = parts
  const asItIs = { commit: work.commit, left: [], held: [], conflicts: [] }
  if (standing.now === null || standing.moved === null) return await approved(parts, asItIs, work.checks)
  const found = await brought(parts, { branch: standing.branch, commit: standing.now, moved: standing.moved })
  return found.commit === standing.now ? { ...found, checks: null } : await approved(parts, found, null)
}

async function brought(
  { run, reading, work, demands }: TargetParts,
  onto: { readonly branch: string; readonly commit: CommitId; readonly moved: string },
): Promise<Omit<Target, 'checks'>> {
  const { git } = run.repository
  // these have landed together before: what is left to find out is what goes with the branch
  const isChecked = work.isToBeChecked && demands.check && reading.manifest.check.length > 0
  const allowed = { policy: policyOf(reading) }
  const policy = { ...(isChecked ? allowed : surely(allowed)).policy, strategy: 'in-order' } as const
  const { base, date, answers } = work
  const there = await landedOnBranch(git, { run: run.id, base, branch: onto.commit })
  const candidates = work.isToBeChecked
    ? work.candidates.filter(({ changeSet }) => !there.has(changeSet.task))
    : work.candidates
  const remake = remakeAsRecorded(run, { run: run.id })
  const folding = { git, base, onto, date, candidates, answers, policy, run: run.id, remake }
  const { commit, landings, conflicts, held: before } = await bringOnto(folding)
  const held = [...new Set([...before, ...heldIn(work, there), ...heldOf(landings)])]
  const found = { commit, conflicts, left: leftOut(landings), held }
  if (found.left.length > 0 && (!demands.partial || commit === onto.commit)) throw doNotGo(found, onto)
  return found
}

const leftOut = (landings: Fold['landings']): Target['left'] =>
  [...landings].flatMap(([task, landing]) => (landing.state === 'left-out' ? [{ task, reason: landing.reason }] : []))

const heldIn = ({ candidates, isToBeChecked }: Applicable, there: ReadonlySet<TaskId>): readonly TaskId[] =>
  isToBeChecked ? candidates.map(({ changeSet }) => changeSet.task).filter((task) => there.has(task)) : []

const heldOf = (landings: Fold['landings']): readonly TaskId[] =>
  [...landings].flatMap(([task, { state }]) => (state === 'unchanged' ? [task] : []))

function doNotGo(
  { left, conflicts }: Pick<Target, 'left' | 'conflicts'>,
  { branch, moved }: { readonly branch: string; readonly moved: string },
): TroupeError {
  const why = conflicts.map(({ theirs, file, message }) => `  ${theirs} in ${quoted(file)}: ${plainText(message)}`)
  const named = new Set<string>(conflicts.map(({ theirs }) => theirs))
  const others = left
    .filter(({ task }) => !named.has(task))
    .map(({ task, reason }) => `  ${task}: ${plainText(reason)}`)
  const tasks = left.map(({ task }) => task).join(', ')
  const message = `${branch} has moved (${moved}), and ${tasks} ${left.length === 1 ? 'does' : 'do'} not go with it:`
  return new TroupeError('BRANCH_CONFLICTS', [message, ...why, ...others].join('\n'), { details: { left, conflicts } })
}

async function approved(
  parts: TargetParts,
  found: Omit<Target, 'checks'>,
  known: readonly CheckResult[] | null,
): Promise<Target> {
  const { work, demands, check } = parts
  // checks that could not run have said nothing yet
  const isOpen = work.isToBeChecked && demands.check && (known === null || isUnchecked(known))
  const checks = isOpen ? await check(found.commit) : known
  const refusal = checks === null || demands.force ? null : refusalOf(parts, checks, known)
  if (refusal !== null) throw refusal
  return { ...found, checks }
}

/** Why a branch does not move: a check failed, or could not run, which is no better. Null where all passed or there is none. */
function refusalOf(
  { run, work }: TargetParts,
  checks: readonly CheckResult[],
  known: readonly CheckResult[] | null,
): TroupeError | null {
  const where = `${work.name} of run ${run.id}${known === null ? ', as the branch would have it,' : ''}`
  if (overallVerdict(checks) === 'fail') {
    const failed = checks.filter(({ verdict }) => verdict === 'fail')
    return new TroupeError('CHECK_FAILED', `${where} did not pass its checks (${reasons(failed)})`, { details: failed })
  }
  if (!isUnchecked(checks)) return null
  const unseen = checks.filter(({ verdict }) => verdict === 'not-run')
  return new TroupeError('CHECK_NOT_RUN', `${where} could not be checked (${reasons(unseen)})`, { details: unseen })
}

const reasons = (checks: readonly CheckResult[]): string =>
  checks.map(({ name, reason }) => plainText(reason === null ? name : `${name}: ${reason}`)).join('; ')
