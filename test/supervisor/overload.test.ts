import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { kinds } from '../../src/agents/registry.ts'
import { systemClock } from '../../src/clock.ts'
import { asCommitId, asRunId, type TaskId } from '../../src/ids.ts'
import { buildGraph } from '../../src/plan/graph.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { openJournal } from '../../src/store/journal.ts'
import type { RunEvent } from '../../src/supervisor/run/events.ts'
import { openLiveBoard } from '../../src/supervisor/run/live.ts'
import { type AttemptOrder, Run } from '../../src/supervisor/run/run.ts'
import { rulesOf } from '../../src/supervisor/run/run-rules.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const concurrency = 4
const mailbox = 64
const tasks = 10_000

interface Crowd {
  readonly run: Run
  readonly journal: string
  /** Tasks in the order in which they were begun. */
  readonly begun: readonly TaskId[]
  /** The most that were dispatched and had not ended. */
  readonly most: () => number
  settle(): ReturnType<Run['settle']>
}

/** The production rules, scheduler, mailbox and journal on a real disk; only the work itself is the test's. */
async function crowd(
  t: { teardown(work: () => void): void },
  manifest: { readonly agents?: object; readonly tasks: readonly object[] },
  work: (order: AttemptOrder, run: Run) => Promise<unknown>,
): Promise<Crowd> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-crowd-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'journal.ndjson')
  const journal = await openJournal<RunEvent>({ path, epoch: 1, clock: systemClock })
  const reading = readManifest(JSON.stringify({ version: 1, concurrency, mailbox, ...manifest }), { kinds })
  if (!reading.ok) throw new Error(reading.mistakes[0]?.message)
  const rules = rulesOf(reading.value, buildGraph(reading.value.tasks))
  const begun: TaskId[] = []
  let most = 0
  const run: Run = new Run(rules, {
    clock: systemClock,
    random: () => 0,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    live: openLiveBoard(),
    journal,
    hostOf: () => 'async',
    spoke() {},
    observe(_, { counts }) {
      most = Math.max(most, counts.dispatched + counts.running)
    },
    async attempt(order) {
      begun.push(order.task)
      await work(order, run)
      const end = order.polite.aborted
        ? ({ how: 'cancelled', reason: 'stopped', changeSet: null } as const)
        : ({ how: 'completed', summary: 'done', findings: [], details: {}, changeSet: null } as const)
      return { end, workspace: null }
    },
  })
  const process = { pid: 1, group: 1, startTime: null }
  const started = { type: 'run-started', run: asRunId('r'), base: asCommitId('b'), manifest: '', process } as const
  return {
    run,
    journal: path,
    begun,
    most: () => most,
    async settle() {
      const settlement = await run.settle(started)
      await journal.close()
      return settlement
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const many = (agentOf: (index: number) => string = () => 'command'): readonly object[] =>
  Array.from({ length: tasks }, (_, index) => ({ id: `t${index}`, agent: agentOf(index), command: ['true'] }))

void t.test(`${tasks} tasks pass through a mailbox of ${mailbox}, in their order, in bounded memory`, async (t) => {
  const heap: number[] = []
  const { run, begun, most, settle, journal } = await crowd(t, { tasks: many() }, async () => {
    await nextTurn()
    if (begun.length % 2_000 !== 0) return
    collectGarbage()
    heap.push(process.memoryUsage().heapUsed)
  })
  await settle()
  t.equal(run.state.counts.succeeded, tasks)
  t.equal(most(), concurrency + mailbox, 'back-pressure: never more were dispatched')
  const late = begun.map((task, at) => Math.abs(Number(task.slice(1)) - at))
  t.ok(Math.max(...late) <= concurrency, `none was overtaken: at most by ${Math.max(...late)}`)
  t.equal(new Set(begun).size, tasks)
  const [first = 0, last = 0] = [heap[0], heap.at(-1)]
  const each = (last - first) / (tasks * 0.8)
  t.ok(each < 2_500, `${Math.round(each)} bytes for each task that has ended`)
  t.ok(statSync(journal).size < tasks * 700, 'and of the disk')
})

void t.test('an agent that is slow and may do one task at a time keeps nobody else waiting', async (t) => {
  const agents = { slow: { kind: 'command', argv: ['true'], concurrency: 1 } }
  const gate = Promise.withResolvers<void>()
  let quick = 0
  const { run, settle, begun } = await crowd(
    t,
    { agents, tasks: many((index) => (index < tasks / 2 ? 'slow' : 'command')) },
    async ({ task }) => {
      if (Number(task.slice(1)) < tasks / 2) return await gate.promise
      quick += 1
      if (quick === tasks / 2) gate.resolve()
      await nextTurn()
    },
  )
  await settle()
  t.equal(run.state.counts.succeeded, tasks)
  const before = begun.slice(0, tasks / 2 + 1).filter((task) => Number(task.slice(1)) < tasks / 2)
  t.same(before, ['t0'], 'half of all tasks were done while one slow task was')
})

void t.test('whatever waits is cancelled at once, however much it is', async (t) => {
  const stopped = Promise.withResolvers<void>()
  const { run, settle, begun } = await crowd(t, { tasks: many() }, async ({ polite }) => {
    if (begun.length === 100) {
      await run.stop('graceful', 'enough')
      const { counts } = run.state
      t.equal(counts.waiting + counts.ready, 0)
      t.ok(counts.cancelled >= tasks - 100 - mailbox, `${counts.cancelled} cancelled before anything else could happen`)
      stopped.resolve()
    }
    await (polite.aborted || begun.length >= 100 ? stopped.promise : nextTurn())
  })
  const { interrupted } = await settle()
  t.equal(interrupted, true)
  t.ok(begun.length <= 100 + concurrency, `${begun.length} were begun`)
  t.equal(run.state.counts.cancelled + run.state.counts.succeeded, tasks)
})
