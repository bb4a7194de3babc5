import { systemClock } from '../../src/clock.ts'
import { fingerprint } from '../acceptance/troupe.ts'
import { type Completed, completedIn, recordsIn } from './evidence.ts'
import { brokenPromises } from './invariants.ts'
import { type Fate, type Life, live, type Mode } from './life.ts'
import { commandLineOf, survivorsOf } from './processes.ts'
import { copyScene, type Scene } from './scene.ts'

/** One run whose supervisors die, each after its own manner, until the last may finish. */
export interface Trial {
  readonly mode: Mode
  readonly fates: readonly Fate[]
  /** Whether the next supervisor waits until everything that the last one left behind is gone. */
  readonly patient: boolean
}

/** What became of a trial. */
export interface TrialResult {
  /** How many supervisors were killed; a fate may come too late. */
  readonly kills: number
  /** How many results were safe at some kill. */
  readonly durable: number
  /** Of the supervisor that finished, in milliseconds. */
  readonly lastMs: number
  /** Every promise that was broken, in words. */
  readonly broken: readonly string[]
}

/** How long what a dead supervisor left behind may live, in milliseconds. */
const diesWithinMs = 3_000

/** Carries a trial out on a copy of a scene. */
export async function carryOutTrial(
  template: Scene,
  { folder, tree, trial }: { readonly folder: string; readonly tree: string; readonly trial: Trial },
): Promise<TrialResult> {
  const scene = copyScene(template, folder)
  const before = fingerprint(scene.repository)
  const durable: Completed[] = []
  const orphans: Promise<readonly string[]>[] = []
  let kills = 0
  for (const fate of trial.fates) {
    const life = await live(scene, trial.mode, fate)
    if (!life.killed) break
    kills += 1
    durable.push(...completedIn(recordsIn(scene)))
    orphans.push(orphansOf(life))
    if (trial.patient) await orphans.at(-1)
  }
  const last = await finish(scene, trial.mode)
  const broken = [
    ...(last.status === 0 || last.said.includes('RUN_ENDED') ? [] : [`it ended with ${last.status}: ${last.said}`]),
    ...(await Promise.all(orphans)).flat(),
    ...(await brokenPromises(scene, { tree, before, durable })),
  ]
  return { kills, durable: new Set(durable.map(({ task }) => task)).size, lastMs: last.durationMs, broken }
}

/** How long a dead supervisor's lease may be in the way, in milliseconds. */
const leaseWithinMs = 10_000

async function finish(scene: Scene, mode: Mode): Promise<Life> {
  const until = systemClock.monotonic() + leaseWithinMs
  for (;;) {
    const life = await live(scene, mode, { fate: 'none' })
    if (!life.said.includes('LEASE_HELD') || systemClock.monotonic() > until) return life
  }
}

async function orphansOf({ leftBehind }: Life): Promise<readonly string[]> {
  const survivors = await survivorsOf(leftBehind, diesWithinMs)
  return survivors.map((process) => `outlived its supervisor: ${commandLineOf(process)}`)
}
