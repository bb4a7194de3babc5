import { systemClock } from '../../src/clock.ts'
import { fingerprint } from '../acceptance/troupe.ts'
import { recordsIn } from './evidence.ts'
import { brokenPromises } from './invariants.ts'
import { live, type Mode } from './life.ts'
import { copyScene, type Scene } from './scene.ts'

/** What a run comes to that nobody disturbs. */
export interface Undisturbed {
  readonly tree: string
  /** Of the journal, its header included. */
  readonly lines: number
  /** From the start of the program to the first record, and to its end, in milliseconds. */
  readonly beginsMs: number
  readonly endsMs: number
  /** Every promise that was broken even so, in words. */
  readonly broken: readonly string[]
}

/** Carries the run of a scene out in peace. Throws when that does not come to a proposal with exit status 0. */
export async function runUndisturbed(template: Scene, folder: string, mode: Mode): Promise<Undisturbed> {
  const scene = copyScene(template, folder)
  const before = fingerprint(scene.repository)
  const startedAt = systemClock.now()
  const { status, said, durationMs } = await live(scene, mode, { fate: 'none' })
  const records = recordsIn(scene)
  const made = records.findLast(({ event }) => event.type === 'proposal-made')?.event
  if (status !== 0 || made?.type !== 'proposal-made')
    throw new Error(`the undisturbed run ended with ${status}: ${said}`)
  const broken = await brokenPromises(scene, { tree: made.tree, before, durable: [] })
  const beginsMs = (records[0]?.at ?? startedAt) - startedAt
  return { tree: made.tree, lines: records.length + 1, beginsMs, endsMs: durationMs, broken }
}
