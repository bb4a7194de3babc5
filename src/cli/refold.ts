import { TroupeError } from '../errors.ts'
import type { TaskId } from '../ids.ts'
import type { Answer } from '../merge/asking/open-conflict.ts'
import { barring, type Candidate } from '../merge/candidate.ts'
import type { Fold } from '../merge/fold.ts'
import type { MergePolicy } from '../merge/merge-policy.ts'
import { candidatesOf } from '../merge/propose.ts'
import type { Proposal } from '../merge/proposal.ts'
import { mergePolicy, proposalRequest } from '../supervisor/run/proposal-request.ts'
import { remadeFold } from '../merge/remade-fold.ts'
import { foldOnTrial, surely } from '../merge/resolutions-on-trial.ts'
import type { FoundRun } from './find-run.ts'
import type { RunReading } from './read-run.ts'
import { remakeAsRecorded } from './remake-as-recorded.ts'

/** Folds a run's change sets once more, as its proposal was made; nothing is moved. */
export async function refold(run: FoundRun, reading: RunReading, proposal: Proposal): Promise<Fold> {
  return await foldAgain(run, reading, { proposal, candidates: candidatesIn(run, reading, proposal) })
}

/**
 * Folds only these of the tasks that landed, with all that they need.
 * @throws TroupeError TASK_NOT_FOUND, or CHANGE_SET_NOT_FOUND for one that did not land
 */
export async function refoldOnly(
  run: FoundRun,
  reading: RunReading,
  { proposal, only }: { readonly proposal: Proposal; readonly only: readonly TaskId[] },
): Promise<Fold> {
  for (const id of only) mustHaveLanded(id, proposal)
  const candidates = candidatesIn(run, reading, proposal)
  const needs = new Map(candidates.map((one) => [one.changeSet.task, one.needs]))
  const taken = new Set<TaskId>()
  const take = (id: TaskId): void => {
    taken.add(id)
    for (const need of needs.get(id) ?? []) if (!taken.has(need)) take(need)
  }
  only.forEach(take)
  const chosen = candidates.filter(({ changeSet }) => taken.has(changeSet.task))
  return await foldAgain(run, reading, { proposal, candidates: chosen })
}

/** The change sets that landed in a proposal, in the order in which they did. */
export function landedCandidates(run: FoundRun, reading: RunReading, proposal: Proposal): readonly Candidate[] {
  const byTask = new Map(candidatesIn(run, reading, proposal).map((one) => [one.changeSet.task, one]))
  return orderOf(proposal).flatMap((task) => byTask.get(task) ?? [])
}

/** Proposals of earlier versions do not tell the order; any that has needs before their dependants will do. */
function orderOf({
  order,
  tasks,
}: Omit<Proposal, 'order'> & { readonly order?: readonly TaskId[] }): readonly TaskId[] {
  return order ?? tasks.flatMap(({ task, disposition }) => (disposition.state === 'landed' ? [task] : []))
}

/** How a run's change sets are brought together. */
export const policyOf = ({ manifest }: Pick<RunReading, 'manifest'>): MergePolicy => mergePolicy(manifest.merge)

function mustHaveLanded(id: TaskId, { tasks }: Proposal): void {
  const task = tasks.find((one) => one.task === id)
  if (task === undefined) throw new TroupeError('TASK_NOT_FOUND', `the run has no task ${id}`)
  const { disposition } = task
  if (disposition.state === 'landed') return
  const why = 'reason' in disposition ? `: ${disposition.reason}` : ''
  throw new TroupeError('CHANGE_SET_NOT_FOUND', `${id} is ${disposition.state}, it is no part of the proposal${why}`)
}

/** What was left out to get a check green stays out. Whoever landed needed nobody who did not, whatever an earlier version says. */
function candidatesIn(run: FoundRun, reading: RunReading, proposal: Proposal): readonly Candidate[] {
  const states = new Map(proposal.tasks.map(({ task, disposition }) => [task, disposition.state]))
  const candidates = candidatesOf(run.id, requestOf(reading, proposal).tasks).map((one) =>
    states.get(one.changeSet.task) === 'landed'
      ? { ...one, needs: one.needs.filter((need) => states.get(need) !== 'left-out') }
      : one,
  )
  return barring(candidates, proposal.blame)
}

function requestOf({ state, manifest, rules }: RunReading, { createdAt }: Proposal) {
  return proposalRequest(state, { rules, tasks: manifest.tasks, checks: [], merge: manifest.merge, createdAt })
}

interface Again {
  readonly proposal: Proposal
  readonly candidates: readonly Candidate[]
}

async function foldAgain(found: FoundRun, reading: RunReading, { proposal, candidates }: Again): Promise<Fold> {
  const { base, createdAt: date, interrupted } = proposal
  const policy = mergePolicy(reading.manifest.merge, interrupted)
  const remake = remakeAsRecorded(found, proposal)
  const answers = answersIn(proposal)
  const request = { git: found.repository.git, base, date, candidates, policy, answers, run: found.id, remake }
  const sure = await remadeFold(surely(request))
  const asked = new Set(candidates.map(({ changeSet }) => changeSet.task))
  const kept = (proposal.trial?.kept ?? []).filter((task) => asked.has(task))
  return kept.length === 0 ? sure : await foldOnTrial(request, sure, kept)
}

/** What agents have resolved is resolved the same; a proposal that was written before they could be asked has none. */
export const answersIn = ({
  resolutions = [],
}: Omit<Proposal, 'resolutions'> & Partial<Pick<Proposal, 'resolutions'>>): readonly Answer[] =>
  resolutions.flatMap(({ answers }) => answers)
