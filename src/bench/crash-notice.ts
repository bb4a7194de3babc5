import { parseArgs } from 'node:util'
import type { ActorHandle } from '../actors/contract.ts'
import { openHosts } from '../actors/hosts/registry.ts'
import { sibling } from '../actors/sibling.ts'
import { systemClock } from '../clock.ts'
import { actorChild } from '../supervisor/tree/actor-child.ts'
import { Supervisor } from '../supervisor/tree/supervisor.ts'
import type { Death, DyingActor } from './dying-actor.ts'

/**
 * How long after an actor has died its supervisor knows of it: from just before the blow to the `child-exited` event, so that the
 * message which tells the actor to die is part of it.
 * Ends with 1 when a median is over 50 ms.
 */
const limitMs = 50

type Cause = Death | 'SIGKILL'

interface Row {
  readonly mode: 'thread' | 'process'
  readonly cause: Cause
  readonly samples: number
  readonly medianMs: number
  readonly p95Ms: number
}

const { values } = parseArgs({
  options: { samples: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
})
const samples = Number(values.samples)

async function measure(mode: Row['mode'], cause: Cause): Promise<Row> {
  await using hosts = openHosts({ thread: { maxThreads: 2 } })
  let started = Promise.withResolvers<void>()
  let exited = Promise.withResolvers<number>()
  const module = sibling(import.meta.url, 'dying-actor').href
  const supervisor = new Supervisor({
    strategy: 'one-for-one',
    intensity: { restarts: samples + 1, withinMs: 3_600_000 },
    children: [actorChild(hosts.get(mode), { id: 'dying', module, export: 'dyingActor', input: null })],
    onEvent({ type }) {
      if (type === 'child-started') started.resolve()
      if (type === 'child-exited') exited.resolve(systemClock.monotonic())
    },
  })
  await supervisor.start()
  const timesMs: number[] = []
  for (let sample = 0; sample < samples; sample++) {
    await started.promise
    started = Promise.withResolvers()
    exited = Promise.withResolvers()
    const actor = supervisor.whichChildren()[0]?.child as ActorHandle<DyingActor>
    const struckAt = systemClock.monotonic()
    strike(actor, cause)
    timesMs.push((await exited.promise) - struckAt)
  }
  await supervisor.stop('measured')
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round((sorted[Math.floor((samples - 1) * share)] ?? 0) * 10) / 10
  return { mode, cause, samples, medianMs: at(0.5), p95Ms: at(0.95) }
}

function strike(actor: ActorHandle<DyingActor>, cause: Cause): void {
  if (cause !== 'SIGKILL') actor.cast('die', cause)
  else if (actor.identity !== null) process.kill(actor.identity.pid, 'SIGKILL')
}

function columns(...cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(16))
    .join('')
    .trimEnd()
}

const lineOf = ({ mode, cause, samples: count, medianMs, p95Ms }: Row): string =>
  columns(mode, cause, String(count), medianMs.toFixed(1), p95Ms.toFixed(1))

const rows: Row[] = []
for (const cause of ['exit', 'uncaught error'] as const) rows.push(await measure('thread', cause))
for (const cause of ['SIGKILL', 'exit', 'uncaught error'] as const) rows.push(await measure('process', cause))
const lines = values.json
  ? [JSON.stringify({ schema: 'troupe.bench.crash-notice/1', limitMs, rows })]
  : [columns('mode', 'death', 'samples', 'median ms', 'p95 ms'), ...rows.map(lineOf)]
process.stdout.write(`${lines.join('\n')}\n`)
process.exitCode = rows.every(({ medianMs }) => medianMs <= limitMs) ? 0 : 1
