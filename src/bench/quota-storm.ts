import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../clock.ts'
import type { RunEvent } from '../supervisor/run/events.ts'
import { type Endpoints, LimitedProvider, type Seen } from './limited-provider.ts'
import { carryOut, makeBenchRepository } from './suite/troupe-run.ts'

/**
 * How much of what a provider allows is used when several supervisors share it who do not know how much that is: runs of `model` agents
 * against a server that lets so many calls at once and refuses the others, every second time with Retry-After. Goodput is the time that
 * all calls would take with every place always in use, over the time from the first call to the last answer.
 * Ends with 1 when it is under 90 %, when anything failed, or when more than one went to see whether a hold was over.
 */
const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '3' },
    runs: { type: 'string', default: '4' },
    tasks: { type: 'string', default: '100' },
    calls: { type: 'string', default: '3' },
    'service-ms': { type: 'string', default: '2000' },
    'retry-after': { type: 'string', default: '2' },
    agents: { type: 'string', default: '25' },
    json: { type: 'boolean', default: false },
  },
})
const [limit, runs, tasks, callsEach] = [values.limit, values.runs, values.tasks, values.calls].map(Number) as [
  number,
  number,
  number,
  number,
]
const serviceMs = Number(values['service-ms'])
const wanted = 0.9

const folder = mkdtempSync(join(tmpdir(), 'troupe-storm-'))
const environment = { ...process.env, XDG_STATE_HOME: join(folder, 'state'), STORM_KEY: 'any' }

/**
 * Reviews, since they need no checkout of their own: it is not git that is measured. All tasks wait for one that is answered when every run
 * has come so far: how long a run takes to begin is not measured either.
 */
function manifestOf({ gather, storm }: Endpoints): object {
  const agent = { kind: 'model', model: 'm', keyFrom: 'STORM_KEY' }
  const names = Array.from({ length: tasks / runs }, (_, task) => `t${task}`)
  return {
    version: 1,
    mode: 'async',
    snapshot: 'off',
    concurrency: Number(values.agents),
    providers: { house: { account: 'STORM_KEY' } },
    agents: {
      first: { ...agent, endpoint: gather },
      coder: { ...agent, provider: 'house', endpoint: storm },
    },
    tasks: [
      { id: 'first', agent: 'first', verb: 'review', prompt: 'Read.' },
      ...names.map((id) => ({ id, agent: 'coder', verb: 'review', needs: ['first'], prompt: 'Read.' })),
    ],
  }
}

/** Carries one run out, in a repository with one file, and answers with its events. */
async function eventsOf(run: number, endpoints: Endpoints): Promise<readonly RunEvent[]> {
  const files = { 'readme.txt': 'a line\n'.repeat(callsEach) }
  const { root } = await makeBenchRepository(join(folder, `run${run}`), files)
  const records = await carryOut({ root, environment }, manifestOf(endpoints))
  return records.map(({ event }) => event)
}

interface Ends {
  readonly completed: number
  /** Attempts that ended because a provider refused, to go on later. */
  readonly parked: number
  readonly failed: number
}

function endsIn(events: readonly RunEvent[]): Ends {
  const ends = events.flatMap((event) => (event.type === 'attempt-ended' ? [event.end] : []))
  const completed = ends.filter(({ how }) => how === 'completed').length
  const parked = ends.filter((end) => end.how === 'failed' && end.failure.kind === 'quota').length
  return { completed, parked, failed: ends.length - completed - parked }
}

async function measure(): Promise<Ends & Seen & { readonly goodput: number }> {
  const retryAfterSeconds = Number(values['retry-after'])
  await using provider = new LimitedProvider({
    clock: systemClock,
    limit,
    serviceMs,
    callsEach,
    runs,
    retryAfterSeconds,
  })
  const endpoints = await provider.listen()
  const each = await Promise.all(Array.from({ length: runs }, (_, run) => eventsOf(run, endpoints)))
  const ends = endsIn(each.flat())
  const { seen } = provider
  const idealMs = Math.ceil((tasks * callsEach) / limit) * serviceMs
  return { ...ends, ...seen, goodput: idealMs / seen.spanMs }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

function textOf(result: Awaited<ReturnType<typeof measure>>): string {
  const { goodput, spanMs, heldShare, emptyShare, served, refusals, told, early, mostProbes, use } = result
  const { completed, parked, failed } = result
  return [
    `${limit} at once, ${runs} runs, ${tasks} tasks of ${callsEach} calls of ${serviceMs} ms`,
    `goodput ${percent(goodput)} in ${(spanMs / 1_000).toFixed(1)} s (${percent(heldShare)} lost to holds, ${percent(emptyShare)} with nobody there)`,
    `calls: ${served} served, ${refusals} refused, ${told} of them with a date, ${early} came before it, ${mostProbes} at most went to see at once`,
    `attempts: ${completed} completed, ${parked} parked, ${failed} failed`,
    `calls at once, by tenths of the time: ${use.join(' ')}`,
  ].join('\n')
}

try {
  const result = await measure()
  const { goodput, completed, failed, early, mostProbes } = result
  const line = { schema: 'troupe/bench-storm/1', limit, runs, tasks, callsEach, serviceMs, ...result }
  process.stdout.write(`${values.json ? JSON.stringify(line) : textOf(result)}\n`)
  const isWell = goodput >= wanted && failed === 0 && completed === tasks + runs && early === 0 && mostProbes <= 1
  process.exitCode = isWell ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
