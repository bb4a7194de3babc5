import { readFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { sibling } from '../../actors/sibling.ts'
import type { RunWatch } from '../../cli/conduct-run.ts'
import { fitHeapTo } from '../../cli/heap-size.ts'
import { performRun } from '../../cli/perform-run.ts'
import { prepare } from '../../cli/prepare.ts'
import { processTerminal } from '../../cli/terminal.ts'
import { tools } from '../../processes/run-tool.ts'
import type { Trial, TrialFigures } from './trial.ts'

/** Carries out the runs of a trial as `troupe run` does, by the same functions; only the agent is another, that does nothing. */
const trial = JSON.parse(process.argv[2] ?? '') as Trial
const ballast = Buffer.alloc(trial.ballastBytes, 1)

const manifestOf = ({ mode, concurrency, work }: Trial, tasks: number): object => ({
  version: 1,
  mode,
  snapshot: 'off',
  concurrency,
  agents: { one: { kind: work === 'empty' ? 'local' : 'command' } },
  tasks: Array.from({ length: tasks }, (_, number) => ({
    id: `t${number}`,
    agent: 'one',
    workspace: 'none',
    ...(work === 'empty' ? { verb: 'review' } : { command: ['true'] }),
  })),
})

async function carryOut(tasks: number): Promise<TrialFigures> {
  const file = join(trial.root, '..', 'manifest.json')
  writeFileSync(file, JSON.stringify(manifestOf(trial, tasks)))
  const startedMs = performance.now()
  fitHeapTo(file)
  const prepared = await prepare(file, processTerminal(trial.root), { json: true, verbose: false })
  const ends: number[] = []
  let beganMs = 0
  let peakMb = 0
  const watch: RunWatch = {
    verbose: false,
    begun() {},
    tell() {},
    observe({ event }) {
      if (event.type === 'run-started') beganMs = performance.now()
      if (event.type === 'attempt-ended' && ends.push(performance.now()) === tasks) peakMb = largestMb()
    },
  }
  const { exitCode } = await performRun(
    prepared,
    watch,
    trial.work === 'empty' ? { kindsModule: sibling(import.meta.url, 'empty-kinds-entry').href } : {},
  )
  const wholeMs = performance.now() - startedMs
  if (exitCode !== 0 || ends.length !== tasks) throw new Error(`${ends.length} of ${tasks} tasks ended, ${exitCode}`)
  const quarter = ends[Math.floor(tasks / 4)] ?? Number.NaN
  const last = ends.at(-1) ?? Number.NaN
  return {
    tasks,
    tasksMs: last - beganMs,
    wholeMs,
    perSecond: ((tasks - 1 - Math.floor(tasks / 4)) / (last - quarter)) * 1_000,
    peakMb,
    wholePeakMb: largestMb(),
  }
}

/** proc(5), VmHWM; what getrusage tells is at least the size of whoever has started this process. */
function largestMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1_000
  const [, kilobytes = 'NaN'] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
  return Number(kilobytes) / 1_000
}

async function profiled<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  const result = await work()
  const { profile } = await session.post('Profiler.stop')
  writeFileSync(file, JSON.stringify(profile))
  session.disconnect()
  return result
}

tools.prepare()
const figures: TrialFigures[] = []
for (const [number, tasks] of trial.tasks.entries()) {
  const { profile } = trial
  const isLast = number === trial.tasks.length - 1
  figures.push(profile !== null && isLast ? await profiled(profile, () => carryOut(tasks)) : await carryOut(tasks))
}
process.stdout.write(JSON.stringify(figures))
process.exitCode = ballast.length === trial.ballastBytes ? 0 : 1
