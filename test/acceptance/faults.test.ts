import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { isAlive, type ProcessIdentity } from '../../src/process-identity.ts'
import { lineOf, recordOf } from '../../src/store/journal-record.ts'
import type { Recorded } from '../../src/supervisor/run/events.ts'
import { carryOutTrials, repeatingWith } from '../chaos/campaign.ts'
import { recordsIn, runIn } from '../chaos/evidence.ts'
import { brokenPromises } from '../chaos/invariants.ts'
import { type Fate, live } from '../chaos/life.ts'
import { processesOf } from '../chaos/processes.ts'
import { agentOf, buildScene, copyScene, type Scene } from '../chaos/scene.ts'
import { carryOutTrial } from '../chaos/trial.ts'
import { trialOfEveryManner } from '../chaos/trials.ts'
import { runUndisturbed } from '../chaos/undisturbed.ts'
import { emptyFolder, fingerprint } from './troupe.ts'

const folder = emptyFolder(t)
const template = buildScene(join(folder, 'template'))
// where it is quickest: every other run must come to its tree, in whatever mode
const undisturbed = await runUndisturbed(template, join(folder, 'in peace'), 'async')
const { tree } = undisturbed
t.same(undisturbed.broken, [], 'undisturbed')
const modes = ['thread', 'process'] as const
let scenes = 0
const newFolder = (): string => join(folder, `scene ${scenes++}`)

/*
 * The short form of `npm run chaos`. That kills at every line of the journal in every manner, and at hundreds of moments, each in a run
 * of its own. This one takes every manner and two moments in either mode, one after the other in the same run: twelve kills in two runs.
 */
const seed = 3

void t.test(
  'a supervisor that is killed again and again loses nothing, doubles nothing and leaves nothing',
  async (t) => {
    const trials = modes.map((mode) => trialOfEveryManner({ mode, undisturbed, seed }))
    const parallel = availableParallelism()
    const tried = await carryOutTrials({ template, folder, tree, parallel, observe() {} }, trials)
    for (const { trial, broken, lives } of tried) {
      t.same(broken, [], repeatingWith(trial))
      const killed = lives.filter((life) => life.killed).map(({ fate }) => fate)
      t.same(killed, trial.fates, 'and each of them died as it should')
    }
    t.ok(
      tried.every(({ durable }) => durable > 0),
      'some came when there was something to lose',
    )
  },
)

const crashesIn = (records: readonly Recorded[], agent: string): readonly string[] =>
  records.flatMap(({ event }) =>
    event.type === 'attempt-ended' &&
    event.end.how === 'failed' &&
    ['crash', 'memory'].includes(event.end.failure.kind) &&
    agentOf(event.task) === agent
      ? [event.end.failure.message]
      : [],
  )

void t.test(
  'an actor that exits, throws where nobody catches, runs out of memory, or is killed takes nobody along',
  async (t) => {
    for (const mode of modes) {
      const scene = copyScene(template, newFolder(), 1)
      const before = fingerprint(scene.repository)
      const hunt = huntProcessesIn(scene)
      t.match(
        await live(scene, mode, { fate: 'agents' }),
        { status: 0 },
        `${mode}: the supervisor has lived through it`,
      )
      const killed = hunt.end()
      const records = recordsIn(scene)
      const crashes = crashesIn(records, 'sh')
      // on a busy machine most have ended by themselves before the journal is read
      t.ok(killed >= 1 && crashes.length >= 1, `${killed} killed, ${crashes.length} crashed`)
      const unruly = crashesIn(records, 'local').join('\n')
      for (const told of [/exited with code 3/, /thrown where nobody catches/, /memory/]) t.match(unruly, told)
      t.same(await brokenPromises(scene, { tree, before, durable: [] }), [], 'and all are tried again')
    }
  },
)

/** Kills every process of a first attempt as soon as the journal tells of it, but for those of agents that die by themselves. */
function huntProcessesIn(scene: Scene): { end(): number } {
  const killed = new Set<number>()
  let read = -1
  const look = (): void => {
    next = systemClock.after(5, look)
    const bytes = bytesOfJournal(scene) // reading it all costs as much as the run
    if (bytes === read) return
    read = bytes
    for (const { pid } of firstProcessesIn(scene).filter((one) => !killed.has(one.pid) && isAlive(one))) {
      if (killOne(pid)) killed.add(pid)
    }
  }
  let next = systemClock.after(5, look)
  return {
    end() {
      next()
      return killed.size
    },
  }
}

function bytesOfJournal(scene: Scene): number {
  const journal = runIn(scene)?.files.journal
  return journal === undefined ? -1 : (statSync(journal, { throwIfNoEntry: false })?.size ?? -1)
}

/** False for one that has just ended by itself. */
function killOne(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

const firstProcessesIn = (scene: Scene): readonly ProcessIdentity[] =>
  recordsIn(scene).flatMap(({ event }) =>
    event.type === 'process-started' && event.attempt === 1 && agentOf(event.task) !== 'local' ? [event.process] : [],
  )

const hourMs = 3_600_000

/** What befalls one supervisor after the other, and what happens to what it left before the next. */
interface Ordeal {
  readonly fate: Fate
  readonly meddle: (scene: Scene) => void
}

/** A journal whose disk is full or broken, in this mode as in the other. */
const disks = [
  { fate: 'disk', write: 12, code: 'ENOSPC' },
  { fate: 'disk', write: 6, code: 'EIO' },
] as const

const killed: Fate = { fate: 'line', line: 9, how: 'synced' }

/** A torn end and a line of garbage at the end of a journal. */
const garbage: readonly Ordeal[] = ['', '\n'].map((end) => ({
  fate: { ...killed, how: 'written' },
  meddle: (scene) => appendFileSync(journalOf(scene), `00000000 {"seq":\u0000 garbage${end}`),
}))

/** A wall clock that jumps by hours while nobody works: first five forth and then five back from where it was. */
const jumps: readonly Ordeal[] = [5, -10].map((hours) => ({
  fate: killed,
  meddle: (scene) => shiftTimes(journalOf(scene), hours * hourMs),
}))

/** Runs take long, and what they go through costs little: so all of it befalls one run in each mode. */
const ordeals = [
  { mode: 'thread', named: 'garbage at the end of the journal', others: garbage, jumpMs: 5 * hourMs },
  { mode: 'process', named: 'a clock that jumps while nobody works', others: jumps, jumpMs: -5 * hourMs },
] as const

for (const { mode, named, others, jumpMs } of ordeals) {
  const title = `disks that fail, ${named}, and a clock that jumps while somebody works lose nothing (${mode})`
  void t.test(title, async (t) => {
    const running: ProcessIdentity[] = []
    const all: readonly Ordeal[] = [
      ...disks.map((fate) => ({
        fate,
        meddle: (scene: Scene) => running.push(...processesOf(runIn(scene)?.id ?? '')),
      })),
      ...others,
    ]
    const meddles = all.map(({ meddle }) => meddle)
    const clock: Fate = { fate: 'clock', byMs: jumpMs }
    const { broken, kills, lives } = await carryOutTrial(template, {
      folder: newFolder(),
      tree,
      trial: { mode, fates: [...all.map(({ fate }) => fate), clock], patient: false },
      meddle: (scene) => meddles.shift()?.(scene),
    })
    t.same(broken, [], 'nothing is lost')
    t.same(running, [], 'where the disk failed nothing was left running')
    for (const [index, told] of ['NO_SPACE', 'STORE_FAILED'].entries()) {
      t.match(lives[index], { status: 3, said: told })
      t.equal(lives[index]?.said.split(told).length, 2, `once: ${lives[index]?.said}`)
    }
    t.equal(kills, others.length)
    t.same(lives.at(-1)?.fate, clock, 'there was something left to do where the clock jumped')
    t.equal(lives.at(-1)?.status, 0)
  })
}

const journalOf = (scene: Scene): string => runIn(scene)?.files.journal ?? ''

/** As if the clock had jumped after this journal was written. */
function shiftTimes(journal: string, byMs: number): void {
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
  const shifted = lines.map((line) => {
    const record = recordOf(line)
    if (record === null) throw new Error(`not a record: ${line}`)
    return lineOf({ ...record, at: record.at + byMs })
  })
  writeFileSync(journal, shifted.join(''))
}
