import { existsSync, readFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { changeSetRef, proposalRef } from '../../refs.ts'
import type { EpochHolder } from '../../store/epoch.ts'
import { isThere } from '../../store/is-there.ts'
import { leaseHolder } from '../../store/lease.ts'
import { type JournalContent, readJournal } from '../../store/read-journal.ts'
import type { Recorded, RunEvent } from '../../supervisor/run/events.ts'
import { isEnded } from '../../supervisor/run/state.ts'
import { taskAt } from '../../supervisor/run/task-change.ts'
import type { FoundRun } from '../find-run.ts'
import { surveyRuns } from '../gc/survey-runs.ts'
import { isRunThere } from '../kept-manifest.ts'
import { proposalIn } from '../proposal-file.ts'
import { type RunReading, readRun } from '../read-run.ts'
import { lostBeside } from '../write-proposal.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { type Refs, refsOf, missingObjects } from './run-objects.ts'
import { count } from '../../count.ts'

/**
 * Whether all that is kept of a run is there and goes together: its journal, manifest, change sets, results, proposal; who holds it,
 * and what it has left.
 */
export async function checkRun(run: FoundRun): Promise<readonly Check[]> {
  const { files } = run
  const lease = readable(() => ({ holder: isRunThere(files) ? leaseHolder(files.lease) : null }))
  if ('problem' in lease) return [wrong('folder', lease.problem, open)]
  const journal = readable(() => (isThere(files.journal) ? readJournal<RunEvent>(files.journal) : null))
  const last = [checkLease(run, lease), ...(await checkRemains(run))]
  if (journal === null) return [wrong('journal', `${files.journal} is not there`, neverBegan), ...last]
  if ('problem' in journal) return [wrong('journal', journal.problem, restore), ...last]
  const reading = await readRun(run).catch((error: unknown) => ({ problem: messageOf(error) }))
  if ('problem' in reading) return [checkJournal(run, journal), wrong('manifest', reading.problem, restore), ...last]
  const refs = await refsOf(run)
  return [
    checkJournal(run, journal),
    checkManifest(run, reading),
    checkChangeSets(run, reading.records, refs),
    await checkObjects(run, reading, refs),
    checkResults(run, reading),
    checkProposal(run, reading, refs),
    ...last,
  ]
}

const open = 'ask as whoever may look into it, or bring back what it leads to: nothing of the run can be told from here'
const restore = 'restore it from a copy; what was sealed is still under refs/troupe'
const neverBegan = 'nothing was begun: troupe gc takes the folder away'

function readable<Content>(read: () => Content): Content | { readonly problem: string } {
  try {
    return read()
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

function checkJournal({ id }: FoundRun, { records, cut, stale }: JournalContent<RunEvent>): Check {
  const name = 'journal'
  const epochs = new Set(records.map(({ epoch }) => epoch)).size
  const found = `${records.length} records, ${epochs} ${epochs === 1 ? 'supervisor' : 'supervisors'}`
  if (cut !== null)
    return warning(
      name,
      `${found}; ${cut.bytes} bytes at the end do not count: ${cut.reason}`,
      `troupe resume ${id} cuts them off`,
    )
  if (stale > 0) return warning(name, `${found}; ${stale} of a deposed one do not count`, 'nothing needs to be done')
  return fine(name, found)
}

function checkManifest({ id, files }: FoundRun, { manifest: { tasks } }: RunReading): Check {
  const found = count(tasks.length, 'task')
  return existsSync(files.manifest)
    ? fine('manifest', found)
    : warning(
        'manifest',
        `${found}; ${files.manifest} is not there`,
        `nothing is lost: troupe resume ${id} writes it again from the journal`,
      )
}

/** Each change set that the journal names is at its ref. */
function checkChangeSets({ id }: FoundRun, records: readonly Recorded[], refs: Refs): Check {
  const name = 'change sets'
  const sealed = records.flatMap(({ event }) => ('end' in event ? (event.end.changeSet ?? []) : []))
  const bad = sealed.flatMap(({ task, attempt, commit }) => {
    const at = refs.get(changeSetRef(id, task, attempt))
    return at === commit
      ? []
      : [`${task}.${attempt} ${at === undefined ? 'has no ref' : `is ${at} at its ref`}, not ${commit}`]
  })
  if (bad.length === 0) return fine(name, `${sealed.length} at their refs`)
  return wrong(name, bad.join('; '), 'git update-ref puts a commit back at its ref, as long as git has it')
}

async function checkObjects(run: FoundRun, { history }: RunReading, refs: Refs): Promise<Check> {
  const problem = await missingObjects(run, [...refs.values()], history.base)
  if (problem === null) return fine('objects', `everything that the refs need is there`)
  return wrong('objects', problem, 'git fsck says more; fetch what is missing from another copy of the repository')
}

/** Every task that has ended has its result file, whole. */
function checkResults({ id, files }: FoundRun, { manifest, state }: RunReading): Check {
  const ended = manifest.tasks.filter((_, index) => isEnded(taskAt(state, index).state.phase))
  const bad = ended.flatMap(({ agent, id: task }) => {
    const path = files.result(agent, task)
    const content = readable(() => JSON.parse(readFileSync(path, 'utf8')) as { readonly task?: unknown })
    if ('problem' in content) return [content.problem as string]
    return content.task === task ? [] : [`${path} is not the result of ${task}`]
  })
  if (bad.length === 0) return fine('results', `${ended.length} written`)
  return warning('results', bad.join('; '), `nothing is lost: troupe resume ${id} writes them again from the journal`)
}

function checkProposal({ id, files }: FoundRun, { history, manifest }: RunReading, refs: Refs): Check {
  const name = 'proposal'
  const { proposal: made } = history
  if (made === null) return { name, state: 'optional', found: 'not made', todo: null }
  const again = `git update-ref ${proposalRef(id)} ${made.commit} puts it back`
  const at = refs.get(proposalRef(id))
  if (at !== made.commit) return wrong(name, `its ref is ${at ?? 'gone'}, not ${made.commit}`, again)
  const content = readable(() => proposalIn(made.file))
  if (!('commit' in content))
    return wrong(name, content.problem, `the proposal itself is at its ref; troupe resume ${id} makes the file again`)
  if (content.commit !== made.commit) return wrong(name, `${made.file} is about ${content.commit}`, restore)
  const lost = [...lostBeside(content, { folders: files, output: manifest.output }).keys()]
  return lost.length === 0
    ? fine(name, `${made.commit.slice(0, 12)}, ${made.verdict}`)
    : warning(name, `${lost.join(' and ')} gone`, `nothing is lost: troupe resume ${id} writes it again from the JSON`)
}

function checkLease({ id }: FoundRun, { holder }: { readonly holder: EpochHolder | null }): Check {
  if (holder === null) return fine('lease', 'free')
  const { process, host, since } = holder
  const found = `held by process ${process.pid} on ${host} since ${since}`
  return { name: 'lease', state: 'ok', found, todo: `troupe status ${id} --watch follows it` }
}

async function checkRemains({ id, repository }: FoundRun): Promise<readonly Check[]> {
  const { standing, worktrees, processes } = await (await surveyRuns(repository)).remainsOf(id)
  if (standing === 'at-work') return []
  const work = worktrees.filter(({ holds }) => holds !== 'rest')
  const left = [
    ...(worktrees.length === work.length ? [] : [count(worktrees.length - work.length, 'worktree')]),
    ...(processes.length === 0 ? [] : [`processes ${processes.map(({ pid }) => pid).join(', ')}`]),
  ]
  const unsealed = work.map(({ directory }) => directory).join(', ')
  return [
    left.length === 0 ? fine('left behind', 'nothing') : warning('left behind', left.join(', '), `troupe gc ${id}`),
    ...(work.length === 0
      ? []
      : [
          warning('unsealed work', unsealed, `troupe resume ${id}, or troupe gc ${id} --unfinished, seals what can be`),
        ]),
  ]
}
