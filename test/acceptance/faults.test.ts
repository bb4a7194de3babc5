import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { isAlive, type ProcessIdentity } from '../../src/process-identity.ts'
import { lineOf, recordOf } from '../../src/store/journal-record.ts'
import type { Recorded } from '../../src/supervisor/run/events.ts'
import { recordsIn, runIn } from '../chaos/evidence.ts'
import { brokenPromises } from '../chaos/invariants.ts'
import { live, type Fate, type Mode } from '../chaos/life.ts'
import { processesOf } from '../chaos/processes.ts'
import { buildScene, copyScene, type Scene } from '../chaos/scene.ts'
import { carryOutTrial, type TrialResult } from '../chaos/trial.ts'
import { runUndisturbed } from '../chaos/undisturbed.ts'
import { emptyFolder, fingerprint } from './troupe.ts'

const folder = emptyFolder(t)
const template = buildScene(join(folder, 'template'))
const { tree, broken } = await runUndisturbed(template, join(folder, 'in peace'), 'thread')
t.same(broken, [], 'undisturbed')
const modes = ['thread', 'process'] as const
let scenes = 0
const newFolder = (): string => join(folder, `scene ${scenes++}`)

interface Circumstances {
  readonly retries?: number
  readonly meddle?: (scene: Scene) => void
}

const tryOut = (mode: Mode, fates: readonly Fate[], circumstances: Circumstances = {}): Promise<TrialResult> =>
  carryOutTrial(template, { folder: newFolder(), tree, trial: { mode, fates, patient: false }, ...circumstances })

const crashesIn = (records: readonly Recorded[]): readonly string[] =>
  records.flatMap(({ event }) =>
    event.type === 'attempt-ended' && event.end.how === 'failed' && ['crash', 'memory'].includes(event.end.failure.kind)
      ? [event.end.failure.message]
      : [],
  )

void t.test('agents whose processes are killed have crashed, and are tried again', async (t) => {
  for (const mode of modes) {
    const scene = copyScene(template, newFolder(), 3)
    const before = fingerprint(scene.repository)
    const hunt = huntProcessesIn(scene)
    t.match(await live(scene, mode, { fate: 'none' }), { status: 0 }, mode)
    const killed = hunt.end()
    const crashes = crashesIn(recordsIn(scene))
    // on a busy machine most have ended by themselves before the journal is read
    t.ok(killed >= 1 && crashes.length >= 1, `${killed} killed, ${crashes.length} crashed`)
    t.same(await brokenPromises(scene, { tree, before, durable: [] }), [])
  }
})

/** Kills every process of a first attempt as soon as the journal tells of it. */
function huntProcessesIn(scene: Scene): { end(): number } {
  const killed = new Set<number>()
  const look = (): void => {
    for (const { pid } of firstProcessesIn(scene).filter((one) => !killed.has(one.pid) && isAlive(one))) {
      if (killOne(pid)) killed.add(pid)
    }
    next = systemClock.after(5, look)
  }
  let next = systemClock.after(5, look)
  return {
    end() {
      next()
      return killed.size
    },
  }
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
    event.type === 'process-started' && event.attempt === 1 ? [event.process] : [],
  )

void t.test('an actor that exits, throws where nobody catches, or runs out of memory takes nobody along', async (t) => {
  for (const mode of modes) {
    const { broken, lives, records } = await tryOut(mode, [{ fate: 'agents' }], { retries: 1 })
    t.same(broken, [], mode)
    t.equal(lives.length, 1, 'the supervisor has lived through it')
    const crashes = crashesIn(records).join('\n')
    for (const told of [/exited with code 3/, /thrown where nobody catches/, /memory/]) t.match(crashes, told)
  }
})

for (const [code, told] of [
  ['ENOSPC', 'NO_SPACE'],
  ['EIO', 'STORE_FAILED'],
] as const) {
  void t.test(`a journal that cannot be written (${code}) ends the run, says so once, and loses nothing`, async (t) => {
    for (const mode of modes) {
      let running: readonly ProcessIdentity[] = []
      const meddle = (scene: Scene): void => {
        running = processesOf(runIn(scene)?.id ?? '')
      }
      const { broken, lives } = await tryOut(mode, [{ fate: 'disk', write: 12, code }], { meddle })
      t.same(broken, [], mode)
      t.same(running, [], 'nothing was left running')
      const [failed] = lives
      t.match(failed, { status: 3, said: told })
      t.equal(failed?.said.split(told).length, 2, `once: ${failed?.said}`)
    }
  })
}

void t.test('a torn end and a line of garbage at the end of a journal cost nothing', async (t) => {
  for (const end of ['', '\n']) {
    const meddle = (scene: Scene): void => {
      appendFileSync(journalOf(scene), `00000000 {"seq":\u0000 garbage${end}`)
    }
    const { broken, kills } = await tryOut('thread', [{ fate: 'line', line: 25, how: 'written' }], { meddle })
    t.equal(kills, 1)
    t.same(broken, [])
  }
})

void t.test(
  'a wall clock that jumps by hours, while nobody works and while somebody does, changes nothing',
  async (t) => {
    const hourMs = 3_600_000
    for (const byMs of [5 * hourMs, -5 * hourMs]) {
      const clock: Fate = { fate: 'clock', byMs }
      t.same((await tryOut('thread', [clock])).broken, [], 'while somebody works')
      const meddle = (scene: Scene): void => {
        shiftTimes(journalOf(scene), byMs)
      }
      const killed: Fate = { fate: 'line', line: 25, how: 'synced' }
      const { broken, kills } = await tryOut('process', [killed, { ...killed, line: 9 }], { meddle })
      t.equal(kills, 2)
      t.same(broken, [], 'while nobody does')
    }
  },
)

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
