import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { asAgentName, asTaskId } from '../../src/ids.ts'
import type { RunLayout } from '../../src/store/layout.ts'
import type { Recorded, RunEvent } from '../../src/supervisor/run/events.ts'
import { fingerprint, git } from '../acceptance/troupe.ts'
import { begunIn, type Completed, completedIn, recordsIn, runIn } from './evidence.ts'
import { commandLineOf, processesOf, survivorsOf } from './processes.ts'
import { agentOf, type Scene, taskIds } from './scene.ts'

/** What must hold at the end of a run, however often its supervisor died. */
export interface Expected {
  /** Of an undisturbed run's proposal. */
  readonly tree: string
  /** Fingerprint of the user's repository before the run. */
  readonly before: Readonly<Record<string, string>>
  /** What was completed and durable at some kill. */
  readonly durable: readonly Completed[]
}

/** Every promise that was broken, in words; none is as it should be. */
export async function brokenPromises(scene: Scene, expected: Expected): Promise<readonly string[]> {
  const run = runIn(scene)
  if (run === null) return ['there is no run']
  const records = recordsIn(scene)
  const completed = completedIn(records)
  return [
    ...lost(completed, expected.durable),
    ...unfinished(completed),
    ...doubled(completed),
    ...begunAgain(records, begunIn(scene)),
    ...unlikeResults(scene, { files: run.files, id: run.id, completed }),
    ...endedOtherwise(records, expected.tree),
    ...(await alive(records, run.id)),
    ...leaked(scene, run.files),
    ...touched(scene, expected.before),
  ]
}

const lost = (completed: readonly Completed[], durable: readonly Completed[]): readonly string[] =>
  durable
    .filter((one) => !completed.some((other) => isDeepStrictEqual(one, other)))
    .map(({ task, attempt }) => `lost: the result of ${task}, attempt ${attempt}`)

const unfinished = (completed: readonly Completed[]): readonly string[] =>
  taskIds.filter((id) => !completed.some(({ task }) => task === id)).map((id) => `not done: ${id}`)

const doubled = (completed: readonly Completed[]): readonly string[] =>
  taskIds.filter((id) => completed.filter(({ task }) => task === id).length > 1).map((id) => `completed twice: ${id}`)

/** By the journal, and by what the agents themselves noted. */
function begunAgain(records: readonly Recorded[], begun: readonly string[]): readonly string[] {
  const broken: string[] = []
  const done = new Map<string, number>()
  for (const { event } of records) {
    if (event.type === 'attempt-started' && done.has(event.task)) broken.push(`begun after its end: ${event.task}`)
    if (event.type === 'attempt-ended' && event.end.how === 'completed') done.set(event.task, event.attempt)
  }
  for (const [attempt, times] of Map.groupBy(begun, String)) {
    const [task = ''] = attempt.split('.')
    if (times.length > 1) broken.push(`an attempt was begun ${times.length} times: ${attempt}`)
    if (Number(attempt.slice(task.length + 1)) > (done.get(task) ?? 0))
      broken.push(`worked on after its end: ${attempt}`)
  }
  return broken
}

interface Results {
  readonly files: RunLayout
  readonly id: string
  readonly completed: readonly Completed[]
}

function unlikeResults({ repository }: Scene, { files, id, completed }: Results): readonly string[] {
  const refs = new Map(
    git(repository, 'for-each-ref', '--format=%(refname) %(objectname)', `refs/troupe/${id}/`)
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  return completed.flatMap(({ task, attempt, commit }) => {
    const path = files.result(asAgentName(agentOf(task)), asTaskId(task))
    if (!existsSync(path)) return [`no result file: ${task}`]
    const result = JSON.parse(readFileSync(path, 'utf8')) as Result
    const broken: string[] = []
    if (result.state !== 'succeeded' || (result.changeSet?.commit ?? null) !== commit)
      broken.push(`its result file tells otherwise: ${task}`)
    if (commit !== null && refs.get(`refs/troupe/${id}/${task}/${attempt}`) !== commit)
      broken.push(`its change set has no ref: ${task}`)
    return broken
  })
}

interface Result {
  readonly state: string
  readonly changeSet: { readonly commit: string } | null
}

function endedOtherwise(records: readonly Recorded[], tree: string): readonly string[] {
  const last = (type: RunEvent['type']): RunEvent | undefined =>
    records.findLast(({ event }) => event.type === type)?.event
  const proposal = last('proposal-made')
  const end = records.at(-1)?.event
  const broken: string[] = []
  if (proposal?.type !== 'proposal-made' || proposal.tree !== tree) broken.push('the proposal has another tree')
  if (end?.type !== 'run-ended' || end.exitCode !== 0) broken.push(`the journal ends with ${JSON.stringify(end)}`)
  return broken
}

/** How long whoever was killed may take to be gone, in milliseconds. */
const goneWithinMs = 1_000

async function alive(records: readonly Recorded[], run: string): Promise<readonly string[]> {
  const journaled = records.flatMap(({ event }) => ('process' in event ? [event.process] : []))
  const alive = await survivorsOf([...journaled, ...processesOf(run)], goneWithinMs)
  return alive.map((process) => `still running: ${commandLineOf(process)}`)
}

function leaked({ repository }: Scene, { work }: RunLayout): readonly string[] {
  const folder = join(repository, '.git')
  const worktrees = join(folder, 'worktrees')
  const locks = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.lock'))
  return [
    ...(git(repository, 'worktree', 'list').trim().includes('\n') ? ['git knows of another worktree'] : []),
    ...(existsSync(worktrees) ? readdirSync(worktrees).map((name) => `left in .git/worktrees: ${name}`) : []),
    ...(existsSync(work) ? readdirSync(work).map((name) => `left in work: ${name}`) : []),
    ...locks.map((name) => `a lock is left: ${name}`),
  ]
}

function touched({ repository }: Scene, before: Readonly<Record<string, string>>): readonly string[] {
  const after = fingerprint(repository)
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => before[name] !== after[name]).map((name) => `the user's ${name} was touched`)
}
