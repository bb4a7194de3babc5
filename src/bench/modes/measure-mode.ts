import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ActorHandle, ActorHost } from '../../actors/contract.ts'
import { systemClock } from '../../clock.ts'
import { openHosts } from '../../actors/hosts/registry.ts'
import { sibling } from '../../actors/sibling.ts'
import { asActorId } from '../../ids.ts'
import type { Mode } from '../../plan/task.ts'
import { median, quantile } from '../suite/statistics.ts'
import type { BenchActor } from './bench-actor.ts'

/** What a mode costs, measured once. */
export interface ModeFigures {
  /** From asking the host until the actor answers, one after the other; a host's first start, which loads it, is not counted. */
  readonly startMs: number
  /** All of `atOnce` ready. */
  readonly startAtOnceMs: number
  /** The actor's share of memory (PSS) of this process and the actors' own. */
  readonly memoryMb: number
  readonly roundTripMs: number
  readonly callsPerSecond: number
  /** From asking an actor to stop until it has gone. */
  readonly stopMs: number
  /** From killing an actor that computes and does not listen until it has gone; null where that cannot be done. */
  readonly killMs: number | null
  /** How late the supervisor's event loop is while as many actors as there are processors compute: the 99th percentile. */
  readonly delayMs: number
}

/** How much is done of each. */
export interface Amounts {
  readonly starts: number
  readonly atOnce: number
  readonly roundTrips: number
  readonly calls: number
  /** How many calls are under way at once. */
  readonly window: number
  readonly megabytes: number
  readonly processors: number
}

let actors = 0

/** Measures one mode in hosts of its own. */
export async function measureMode(mode: Mode, amounts: Amounts): Promise<ModeFigures> {
  await using hosts = openHosts({ thread: { maxThreads: amounts.atOnce } })
  const host = hosts.get(mode)
  await (await start(host)).stop('measured', 1_000)
  const startMs = await startOneByOne(host, amounts.starts)
  const many = await startAtOnce(host, amounts.atOnce)
  const [first] = many.actors
  if (first === undefined) throw new RangeError('no actors')
  const roundTripMs = await roundTrips(first, amounts.roundTrips)
  const callsPerSecond = await throughput(first, amounts)
  const delayMs = await busyDelay(many.actors.slice(0, amounts.processors), amounts.megabytes)
  const stopMs = await stopAll(many.actors)
  return {
    startMs,
    startAtOnceMs: many.ms,
    memoryMb: many.megabytes,
    roundTripMs,
    callsPerSecond,
    stopMs,
    killMs: await killMs(host, mode),
    delayMs,
  }
}

type Actor = ActorHandle<BenchActor>

const start = (host: ActorHost): Promise<Actor> => {
  actors += 1
  const module = sibling(import.meta.url, 'bench-actor').href
  return host.start<BenchActor>(
    { id: asActorId(`bench-${actors}`), module, export: 'benchActor', input: null },
    { emit() {} },
  )
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly ms: number; readonly result: Result }> {
  const beganMs = performance.now()
  const result = await work()
  return { ms: performance.now() - beganMs, result }
}

async function startOneByOne(host: ActorHost, count: number): Promise<number> {
  const times: number[] = []
  for (let number = 0; number < count; number += 1) {
    const { ms, result } = await timed(() => start(host))
    times.push(ms)
    await result.stop('measured', 1_000)
  }
  return median(times)
}

async function startAtOnce(host: ActorHost, count: number) {
  const before = proportionalBytes([process.pid])
  const { ms, result } = await timed(() => Promise.all(Array.from({ length: count }, () => start(host))))
  const pids = result.flatMap(({ identity }) => identity?.pid ?? [])
  const megabytes = (proportionalBytes([process.pid, ...pids]) - before) / count / 1e6
  return { ms, megabytes, actors: result }
}

/** Pss of proc_pid_smaps_rollup: what is shared is counted in parts; NaN where the system does not tell. */
function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const [, kilobytes = 'NaN'] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? []
      return sum + Number(kilobytes) * 1_024
    } catch {
      return Number.NaN
    }
  }, 0)
}

async function roundTrips(actor: Actor, count: number): Promise<number> {
  const times: number[] = []
  for (let number = 0; number < count; number += 1) times.push((await timed(() => actor.call('echo', number))).ms)
  return median(times)
}

async function throughput(actor: Actor, { calls, window }: Amounts): Promise<number> {
  let left = calls
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await actor.call('echo', left)
    }
  }
  const { ms } = await timed(() => Promise.all(Array.from({ length: window }, caller)))
  return (calls / ms) * 1_000
}

async function busyDelay(busy: readonly Actor[], megabytes: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // it counts from one tick of its own to the next: what holds the loop up must lie between two
  await ticks()
  await Promise.all(busy.map((actor) => actor.call('hash', megabytes)))
  await ticks()
  delay.disable()
  return delay.percentile(99) / 1e6
}

const ticks = (): Promise<void> => new Promise((resolve) => void systemClock.after(5, resolve))

async function stopAll(all: readonly Actor[]): Promise<number> {
  const times = await Promise.all(
    all.map(async (actor) => {
      actor.call('untilStopped').catch(() => {})
      return (await timed(() => actor.stop('measured', 5_000))).ms
    }),
  )
  return quantile(times, 0.5)
}

async function killMs(host: ActorHost, mode: Mode): Promise<number | null> {
  if (mode === 'async') return null
  const actor = await start(host)
  await actor.call('echo', 0)
  actor.call('hash', 20_000).catch(() => {})
  return (await timed(() => actor.stop('measured', 0))).ms
}
