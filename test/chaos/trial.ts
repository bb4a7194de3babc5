import { fingerprint } from '../acceptance/troupe.ts'
import { type Completed, completedIn, hasEnded, recordsIn } from './evidence.ts'
import type { Recorded } from '../../src/supervisor/run/events.ts'
import { brokenPromises } from './invariants.ts'
import { type Fate, type Life, live, type Mode } from './life.ts'
import { commandLineOf, survivorsOf } from './processes.ts'
import { copyScene, type Scene } from './scene.ts'

/** One run whose supervisors die, each after its own manner, until the last may finish. */
export interface Trial {
  readonly mode: Mode
  readonly fates: readonly Fate[]
  /** Whether the next supervisor waits until everything that the last one left behind is gone; or every other one. */
  readonly patient: boolean | 'in-turn'
}

/** What became of a trial. */
export interface TrialResult {
  /** How many supervisors were killed; a fate may come too late. */
  readonly kills: number
  /** How many results were safe at some kill. */
  readonly durable: number
  /** One after the other; the last is the one that came to the end. */
  readonly lives: readonly Life[]
  /** Of the journal at the end. */
  readonly records: readonly Recorded[]
  /** Every promise that was broken, in words. */
  readonly broken: readonly string[]
}

/** How long what a dead supervisor left behind may live, in milliseconds. */
const diesWithinMs = 3_000

interface TrialPlace {
  readonly folder: string
  /** Of an undisturbed run's proposal. */
  readonly tree: string
  readonly trial: Trial
  /** Of every task; none by default. */
  readonly retries?: number
  /** Does something to the scene after each supervisor's death. */
  readonly meddle?: (scene: Scene) => void
}

/** Carries a trial out on a copy of a scene. */
export async function carryOutTrial(
  template: Scene,
  { folder, tree, trial, retries, meddle }: TrialPlace,
): Promise<TrialResult> {
  const scene = copyScene(template, folder, retries)
  const before = fingerprint(scene.repository)
  const durable: Completed[] = []
  const orphans: Promise<readonly string[]>[] = []
  const lives: Life[] = []
  for (const fate of [...trial.fates, { fate: 'none' } as const]) {
    const life = await live(scene, trial.mode, fate)
    lives.push(life)
    if (!life.killed && hasEnded(recordsIn(scene))) break
    durable.push(...completedIn(recordsIn(scene)))
    orphans.push(orphansOf(life))
    if (trial.patient === true || (trial.patient === 'in-turn' && lives.length % 2 === 0)) await orphans.at(-1)
    meddle?.(scene)
  }
  const broken = [
    ...lives.filter(endedBadly).map(({ status, said }) => `a supervisor ended with ${status}: ${said}`),
    ...(await Promise.all(orphans)).flat(),
    ...(await brokenPromises(scene, { tree, before, durable })),
  ]
  return {
    kills: lives.filter(({ killed }) => killed).length,
    durable: new Set(durable.map(({ task }) => task)).size,
    lives,
    records: recordsIn(scene),
    broken,
  }
}

/** Without a reason, that is: a journal whose disk fails, or nothing left to do. */
function endedBadly({ killed, fate, status, said }: Life): boolean {
  if (killed || status === 0) return false
  return fate.fate === 'disk' ? status !== 3 : !said.includes('RUN_ENDED')
}

async function orphansOf({ leftBehind }: Life): Promise<readonly string[]> {
  const survivors = await survivorsOf(leftBehind, diesWithinMs)
  return survivors.map((process) => `outlived its supervisor: ${commandLineOf(process)}`)
}
