import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { isBuilt } from '../../../bin/is-built.mjs'
import { withCompileCache } from '../../actors/hosts/compile-cache.ts'
import type { Mode } from '../../plan/task.ts'
import type { PeerName } from './peer-names.ts'

/** Runs of Troupe that are carried out one after the other in a process of their own. */
export interface Trial {
  readonly root: string
  readonly mode: Mode
  readonly concurrency: number
  /** What each task does: nothing, or a program that does nothing. */
  readonly work: 'empty' | 'true'
  /** Of each run; the runs before the last are no more than a warming up where the last alone is looked at. */
  readonly tasks: readonly number[]
  /** Held by the supervisor besides. */
  readonly ballastBytes: number
  /** Where the processor's time in the last run is written down; null where nobody wants to know. */
  readonly profile: string | null
}

/** How one run went. */
export interface TrialFigures {
  readonly tasks: number
  /** From the run's first event to the end of the last attempt. */
  readonly tasksMs: number
  /** From reading the manifest to the end of the run, proposal included. */
  readonly wholeMs: number
  /** Tasks a second, from when a quarter had ended: hosts have started by then. */
  readonly perSecond: number
  /** The largest resident size of the supervisor when the last attempt had ended, and when all had ended. */
  readonly peakMb: number
  readonly wholePeakMb: number
}

/** Peers that are given empty tasks, one after the other in a process of their own. */
export interface PeersOrder {
  readonly peers: readonly PeerName[]
  readonly tasks: number
  /** Under way at once. */
  readonly window: number
  /** Of a local Redis; null where there is none. */
  readonly redisPort: number | null
}

/** By the peer's name. */
export type PeersFigures = Readonly<Record<string, { readonly perSecond: number }>>

/** Carries a trial out, as Troupe is used: as it was built, if it was. Where the time goes is told by the sources. */
export const tryTroupe = (trial: Trial, environment: NodeJS.ProcessEnv): Promise<readonly TrialFigures[]> =>
  apart<readonly TrialFigures[]>(
    isBuilt() && trial.profile === null ? '../../../dist/bench/overhead/trial-entry.js' : 'trial-entry.ts',
    trial,
    environment,
  )

/** Has peers do the same. */
export const tryPeers = (order: PeersOrder): Promise<PeersFigures> =>
  apart<PeersFigures>('peers-entry.ts', order, process.env)

/** @param entry the program, from here */
async function apart<Figures>(entry: string, order: object, env: NodeJS.ProcessEnv): Promise<Figures> {
  const program = fileURLToPath(new URL(entry, import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withCompileCache(env), // as bin/troupe.mjs has it
  })
  const ended = once(child, 'close')
  const answer = await json(child.stdout).catch(() => null)
  const [status] = (await ended) as [number | null]
  if (status !== 0 || answer === null) throw new Error(`${entry} ended with ${status}`)
  return answer as Figures
}
