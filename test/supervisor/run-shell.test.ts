import t from 'tap'
import type { AggregatorApi, Contribution, EarlyVerdict } from '../../src/actors/aggregator-api.ts'
import type { AgentActorApi } from '../../src/actors/agent-api.ts'
import type { ActorHandle, Exit } from '../../src/actors/contract.ts'
import type { ModelsApi } from '../../src/actors/models-api.ts'
import type { Outcome } from '../../src/agents/agent.ts'
import type { PlaceAnswer } from '../../src/agents/failure.ts'
import type { Asked, ModelQuestion } from '../../src/agents/model/question.ts'
import { refusal } from '../../src/agents/model/refused-call.ts'
import type { Usage } from '../../src/agents/usage.ts'
import { TroupeError } from '../../src/errors.ts'
import { asActorId, asAgentName, asCommitId, asRunId, asTaskId, asTreeId, type TaskId } from '../../src/ids.ts'
import { openTroupeTree, type TroupeTree } from '../../src/supervisor/run/troupe-tree.ts'
import type { Log } from '../../src/log.ts'
import { type Models, openModels } from '../../src/supervisor/run/models.ts'
import { type Aggregator, openAggregator } from '../../src/supervisor/run/aggregator.ts'
import { openBudgets } from '../../src/supervisor/run/budgets.ts'
import { converse } from '../../src/supervisor/run/conversation.ts'
import type { Places } from '../../src/supervisor/run/taken-places.ts'
import { openEarlyChecks } from '../../src/supervisor/run/early-checks.ts'
import { openHeldFiles } from '../../src/supervisor/run/held-files.ts'
import { type AttemptMeans, type AttemptResult, carryOutAttempt } from '../../src/supervisor/run/attempt.ts'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import type { Saved } from '../../src/changes/snapshot.ts'
import { PauseSwitch } from '../../src/supervisor/run/pause-switch.ts'
import { openSnapshots } from '../../src/supervisor/run/snapshots.ts'
import { fold } from '../../src/supervisor/run/decide.ts'
import type { AttemptEnd, Recorded, RunEvent } from '../../src/supervisor/run/events.ts'
import { type Budget, noBudget, type Task } from '../../src/plan/task.ts'
import { openLiveBoard } from '../../src/supervisor/run/live.ts'
import type { RunRules, RuleTask } from '../../src/supervisor/run/rules.ts'
import { type AttemptOrder, Run } from '../../src/supervisor/run/run.ts'
import type { Sealing, Workspace } from '../../src/supervisor/run/workspaces.ts'
import { ManualClock } from '../manual-clock.ts'

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const turns = async (count = 6): Promise<void> => {
  for (let index = 0; index < count; index++) await turn()
}

function rulesFor(count: number, change: Partial<RunRules> = {}, retries = 0): RunRules {
  const tasks = Array.from({ length: count }, (_, index): RuleTask => ({
    id: asTaskId(`t${index}`),
    agent: asAgentName('a'),
    needs: [],
    after: [],
    dependants: [],
    rank: index,
    retries,
  }))
  return {
    tasks,
    byRank: tasks.map((_, index) => index),
    indexOf: new Map(tasks.map((task, index) => [task.id, index])),
    concurrency: 2,
    mailbox: 4,
    agentLimits: new Map(),
    providers: new Map(),
    onFailure: 'continue',
    pauses: false,
    backoff: { firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0 },
    sameFailureLimit: 2,
    ...change,
  }
}

/** A run whose attempts and disk are played by the test. */
class Stage {
  readonly clock = new ManualClock()
  readonly journal: Recorded[] = []
  readonly orders: AttemptOrder[] = []
  readonly released: TaskId[] = []
  readonly run: Run
  /** What is appended becomes durable when the test says so; null lets it be durable at once. */
  held: PromiseWithResolvers<void>[] | null = null
  #ends = new Map<TaskId, (end: AttemptEnd) => void>()

  constructor(rules: RunRules) {
    this.run = new Run(rules, {
      clock: this.clock,
      random: () => 0,
      log: silentLog,
      live: openLiveBoard(),
      journal: { append: (event) => this.#append(event) },
      hostOf: () => 'async',
      spoke: () => {},
      observe: () => {},
      attempt: (order) => this.#attempt(order),
    })
  }

  begin(): ReturnType<Run['settle']> {
    const process = { pid: 1, group: 1, startTime: null }
    return this.run.settle({ type: 'run-started', run: asRunId('r'), base: asCommitId('b'), manifest: '', process })
  }

  end(task: string, end: AttemptEnd = done): void {
    this.#ends.get(asTaskId(task))?.(end)
  }

  running(): readonly string[] {
    return this.orders.map(({ task }) => task)
  }

  #append(event: RunEvent): { readonly at: number; readonly durable: Promise<void> } {
    const at = this.clock.now()
    this.journal.push({ at, event })
    if (this.held === null) return { at, durable: Promise.resolve() }
    const durable = Promise.withResolvers<void>()
    durable.promise.catch(() => {})
    this.held.push(durable)
    return { at, durable: durable.promise }
  }

  async #attempt(order: AttemptOrder): Promise<AttemptResult> {
    this.orders.push(order)
    const ended = Promise.withResolvers<AttemptEnd>()
    this.#ends.set(order.task, ended.resolve)
    const stop = (): void => ended.resolve({ how: 'cancelled', reason: 'stopped', changeSet: null })
    order.polite.addEventListener('abort', stop)
    const end = await ended.promise
    this.orders.splice(this.orders.indexOf(order), 1)
    const release = (): Promise<void> => Promise.resolve(void this.released.push(order.task))
    return { end, workspace: { directory: '/', seal: () => Promise.resolve({ how: 'unchanged' }), release } }
  }
}

const done: AttemptEnd = { how: 'completed', summary: '', findings: [], details: {}, changeSet: null }
const failed: AttemptEnd = {
  how: 'failed',
  failure: { kind: 'agent', message: 'no', signature: 'no' },
  details: {},
  changeSet: null,
}

void t.test('nothing is acted on before its event is on disk, and no workspace goes before its end is', async (t) => {
  const stage = new Stage(rulesFor(1))
  stage.held = []
  const settled = stage.begin()
  await turns()
  t.same(stage.running(), [], 'the start is not durable yet')
  stage.held.shift()?.resolve()
  await turns()
  t.same(stage.running(), ['t0'])
  stage.held.shift()?.resolve()
  stage.end('t0')
  await turns()
  t.same(stage.released, [], 'the end is not durable yet')
  stage.held.shift()?.resolve()
  t.match((await settled).state.phase, { name: 'settled' })
  t.same(stage.released, ['t0'])
})

void t.test('never more attempts than the concurrency, whatever waits, and all are done', async (t) => {
  const stage = new Stage(rulesFor(300, { concurrency: 3, mailbox: 5 }))
  const settled = stage.begin()
  let most = 0
  for (let index = 0; index < 300;) {
    await turn()
    most = Math.max(most, stage.orders.length)
    const [order] = stage.orders
    if (order === undefined) continue
    stage.end(order.task)
    index += 1
  }
  await settled
  t.equal(most, 3)
  t.equal(stage.run.state.counts.succeeded, 300)
})

void t.test(
  'whoever goes first once an end is on disk is not overtaken by those that wait, and nobody else is held up',
  async (t) => {
    const rules = rulesFor(4, { concurrency: 1 })
    const tasks = rules.tasks.map((task, index) => {
      if (index === 0) return { ...task, dependants: [{ index: 1, hard: true }] }
      return index === 1 ? { ...task, needs: [0] } : task
    })
    const stage = new Stage({ ...rules, tasks })
    const settled = stage.begin()
    await turns()
    t.same(stage.running(), ['t0'])
    stage.held = []
    stage.end('t0')
    await turns()
    t.same(stage.running(), [], 't1 goes before t2 and t3, which wait')
    stage.held.shift()?.resolve()
    await turns()
    t.same(stage.running(), ['t1'])
    stage.end('t1')
    await turns()
    t.same(stage.running(), ['t2'], 'nobody comes by this end: its place is free before it is on disk')
    for (const held of stage.held) held.resolve()
    stage.held = null
    for (const task of ['t2', 't3']) {
      stage.end(task)
      await turns()
    }
    t.equal((await settled).state.counts.succeeded, 4)
  },
)

void t.test('a retry waits on the clock', async (t) => {
  const stage = new Stage(rulesFor(1, {}, 1))
  const settled = stage.begin()
  await turns()
  stage.end('t0', failed)
  await turns()
  t.same(stage.running(), [])
  stage.clock.advance(999)
  await turns()
  t.same(stage.running(), [])
  stage.clock.advance(1)
  await turns()
  t.same(stage.running(), ['t0'])
  stage.end('t0')
  t.equal((await settled).state.counts.succeeded, 1)
})

void t.test('a stop tells what runs and cancels what waits at once', async (t) => {
  const stage = new Stage(rulesFor(6))
  const settled = stage.begin()
  await turns()
  const [first] = stage.orders
  await stage.run.stop('graceful', 'enough')
  t.ok(first?.polite.aborted)
  t.notOk(first?.force.aborted)
  const { interrupted, state } = await settled
  t.equal(interrupted, true)
  t.equal(state.counts.cancelled, 6)
  t.same(stage.running(), [])
})

void t.test('a hard stop reaches attempts by force', async (t) => {
  const stage = new Stage(rulesFor(1))
  const settled = stage.begin()
  await turns()
  const [order] = stage.orders
  await stage.run.stop('hard', 'now')
  t.ok(order?.force.aborted)
  await settled
})

void t.test('when the journal fails, the run says so and takes away what runs', async (t) => {
  const stage = new Stage(rulesFor(2))
  const settled = stage.begin()
  await turns()
  const [order] = stage.orders
  stage.held = []
  stage.end('t1')
  await turns()
  const full = new TroupeError('NO_SPACE', 'the disk is full')
  for (const durable of stage.held) durable.reject(full)
  await t.rejects(settled, full)
  t.ok(order?.force.aborted)
})

void t.test('the journal folds to the state that the run had', async (t) => {
  const rules = rulesFor(5, {}, 2)
  const stage = new Stage(rules)
  const settled = stage.begin()
  for (let index = 0; stage.run.state.phase.name !== 'settled' && index < 500; index++) {
    await turn()
    stage.clock.advance(500)
    const [order] = stage.orders
    if (order !== undefined) stage.end(order.task, index % 3 === 0 ? failed : done)
  }
  const { state } = await settled
  t.same(fold(rules, stage.journal), state)
})

/** An actor that does what the test says. */
function actor(
  change: Partial<{ run: Promise<Outcome>; exit: Exit }> = {},
): ActorHandle<AgentActorApi> & { readonly stops: string[] } {
  const closed = Promise.withResolvers<Exit>()
  const gone = closed.promise.then(() => Promise.reject(new TroupeError('ACTOR_GONE', 'it is gone')))
  gone.catch(() => {})
  const stops: string[] = []
  const notAsked = (): never => {
    throw new Error('nobody asks it')
  }
  return {
    id: asActorId('a'),
    kind: 'async',
    identity: null,
    closed: closed.promise,
    stops,
    call: () => Promise.race([change.run ?? new Promise<never>(() => {}), gone]) as never,
    ask: notAsked,
    cast: notAsked,
    stop(reason, graceMs) {
      stops.push(`${reason} ${graceMs}`)
      closed.resolve(change.exit ?? { how: 'shutdown', reason })
      return closed.promise
    },
  }
}

function means(
  change: Partial<AttemptMeans> & { readonly sealing?: Sealing | Error } = {},
): AttemptMeans & { readonly clock: ManualClock } {
  const workspace: Workspace = {
    directory: '/work/t',
    seal: () =>
      change.sealing instanceof Error
        ? Promise.reject(change.sealing)
        : Promise.resolve(change.sealing ?? { how: 'unchanged' }),
    release: () => Promise.resolve(),
  }
  const clock = new ManualClock()
  return {
    timeoutMs: null,
    stallMs: null,
    memoryBytes: null,
    memoryHeld: () => 0,
    waited: () => ({ isWaiting: false, waitedMs: 0 }),
    used: () => null,
    saved: () => {},
    pauses: new PauseSwitch(),
    signal: () => 0,
    snapshots: openSnapshots({ clock, everyMs: null }),
    graceMs: 100,
    spent: new AbortController().signal,
    polite: new AbortController().signal,
    force: new AbortController().signal,
    openWorkspace: () => Promise.resolve(workspace),
    startActor: () => Promise.resolve(actor({ run: Promise.resolve(completed) })),
    ...change,
    clock,
  }
}

const snapshot: Saved = { commit: asCommitId('s'), base: asCommitId('b'), tree: asTreeId('d') }

const completed: Outcome = { how: 'completed', summary: 'did it', findings: [], details: {} }

void t.test('an attempt: its outcome and its change set make its end', async (t) => {
  const changeSet = {
    task: asTaskId('t'),
    agent: asAgentName('a'),
    attempt: 1,
    base: asCommitId('b'),
    commit: asCommitId('c'),
    tree: asTreeId('d'),
    files: ['x'],
  }
  t.match(await carryOutAttempt(means({ sealing: { how: 'changed', changeSet } })), {
    end: { how: 'completed', changeSet: { commit: 'c' } },
  })
  const failure = { kind: 'agent', message: 'no', signature: 'no' } as const
  const startActor = (): Promise<ActorHandle<AgentActorApi>> =>
    Promise.resolve(actor({ run: Promise.resolve({ how: 'failed', failure, details: {} }) }))
  t.match(await carryOutAttempt(means({ startActor, sealing: { how: 'changed', changeSet } })), {
    end: { how: 'failed', failure, changeSet: { commit: 'c' } },
  })
})

void t.test('an attempt without a workspace or an actor fails for the infrastructure', async (t) => {
  const trouble = (): Promise<never> => Promise.reject(new TroupeError('NO_SPACE', 'the disk is full'))
  t.match(await carryOutAttempt(means({ openWorkspace: trouble })), {
    end: { failure: { kind: 'infrastructure', message: /^no workspace: the disk is full\. Free some/ } },
    workspace: null,
  })
  t.match(await carryOutAttempt(means({ startActor: trouble })), {
    end: { failure: { kind: 'infrastructure' } },
    workspace: {},
  })
})

void t.test('an actor that dies is a crash, told by its exit', async (t) => {
  const exit: Exit = { how: 'crashed', message: 'out of memory', code: 'ERR_OOM', signal: null }
  const startActor = (): Promise<ActorHandle<AgentActorApi>> =>
    Promise.resolve(actor({ run: Promise.reject(new TroupeError('ACTOR_GONE', 'gone')), exit }))
  t.match(await carryOutAttempt(means({ startActor })), {
    end: { how: 'failed', failure: { kind: 'crash', message: /out of memory/ } },
  })
})

void t.test('an attempt that takes too long is stopped, and the first cause is the one that counts', async (t) => {
  const hanging = actor()
  const polite = new AbortController()
  const parts = means({ timeoutMs: 2_000, polite: polite.signal, startActor: () => Promise.resolve(hanging) })
  const result = carryOutAttempt(parts)
  await turns()
  parts.clock.advance(2_000)
  polite.abort(new Error('too late to matter'))
  t.match(await result, { end: { how: 'failed', failure: { kind: 'timeout', message: /2 s/ } } })
  t.equal(hanging.stops[0], 'timeout 100')
})

void t.test('an attempt that holds too much memory is taken away at once', async (t) => {
  const greedy = actor()
  let held = 99_000_000
  const parts = means({ memoryBytes: 1e8, memoryHeld: () => held, startActor: () => Promise.resolve(greedy) })
  const result = carryOutAttempt(parts)
  await turns()
  parts.clock.advance(5_000)
  t.same(greedy.stops, [], 'it holds less')
  held = 1.5e8
  parts.clock.advance(500)
  const message = 'it held 150 MB of memory, more than the 100 MB that it may'
  t.match(await result, { end: { how: 'failed', failure: { kind: 'memory', message } } })
  t.equal(greedy.stops[0], 'memory 0')
  t.equal(parts.clock.waiting, 0, 'no timer stays')
})

void t.test('an attempt that is silent for too long has stalled, unless it is heard or its files change', async (t) => {
  const hanging = actor()
  let heard = (): void => {}
  let isWriting = true
  const workspace: Workspace = {
    directory: '/work/t',
    snapshot: () => Promise.resolve(isWriting ? snapshot : null),
    seal: () => Promise.resolve({ how: 'unchanged' }),
    release: () => Promise.resolve(),
  }
  const parts = means({
    stallMs: 1_000,
    openWorkspace: () => Promise.resolve(workspace),
    startActor(_directory, noteLife) {
      heard = noteLife
      return Promise.resolve(hanging)
    },
  })
  const result = carryOutAttempt(parts)
  await turns()
  parts.clock.advance(900)
  heard()
  parts.clock.advance(900)
  await turns()
  t.same(hanging.stops, [], 'it was heard')
  parts.clock.advance(1_000)
  await turns()
  t.same(hanging.stops, [], 'it was writing in silence')
  isWriting = false
  parts.clock.advance(1_000)
  t.match(await result, { end: { how: 'failed', failure: { kind: 'stall', message: /no sign of life for 1 s/ } } })
  t.equal(hanging.stops[0], 'stall 100')
  t.equal(parts.clock.waiting, 0, 'no timer stays')
})

void t.test('time that an attempt waits for its provider counts neither as silence nor as its own', async (t) => {
  const hanging = actor()
  let waited = { isWaiting: true, waitedMs: 0 }
  const parts = means({
    stallMs: 1_000,
    timeoutMs: 2_000,
    waited: () => waited,
    used: () => ({ model: 'm', inputTokens: 7, outputTokens: null, costUsd: null }),
    startActor: () => Promise.resolve(hanging),
  })
  const result = carryOutAttempt(parts)
  await turns()
  waited = { isWaiting: true, waitedMs: 5_000 }
  parts.clock.advance(5_000)
  await turns()
  t.same(hanging.stops, [], 'it waits')
  waited = { isWaiting: false, waitedMs: 5_000 }
  parts.clock.advance(2_000)
  t.match(await result, { end: { failure: { kind: /stall|timeout/ }, details: { usage: { inputTokens: 7 } } } })
  t.equal(parts.clock.waiting, 0, 'no timer stays')
})

void t.test(
  'a file is held by the task that may write it until its attempt ends, and only where the task owns it',
  async (t) => {
    const files = openHeldFiles()
    const [a, b] = [
      { id: asTaskId('a'), owns: null },
      { id: asTaskId('b'), owns: ['src/'] },
    ]
    t.same(files.ask(a, ['src/x.ts', 'README.md']), { allowed: true })
    t.same(files.ask(a, ['src/x.ts']), { allowed: true }, 'again')
    t.match(files.ask(b, ['src/y.ts', 'src/x.ts']), {
      allowed: false,
      reason: /^src\/x\.ts is being written by task a/,
    })
    t.same(files.ask(a, ['src/y.ts']), { allowed: true }, 'who is denied holds nothing')
    t.match(files.ask(b, ['docs/x.md']), { allowed: false, reason: /outside what this task may write: src\// })
    for (const astray of ['../x', 'src/../../x', '/etc/passwd', 'C:\\x', '']) {
      t.match(files.ask(b, [astray]), { allowed: false, reason: /not a path inside the repository/ }, astray)
    }
    files.release(asTaskId('a'))
    t.same(files.ask(b, ['src/x.ts']), { allowed: true })
  },
)

void t.test(
  'a workspace is saved while somebody works in it, one snapshot at a time, and never while it is sealed',
  async (t) => {
    const running = Promise.withResolvers<Outcome>()
    const saves: PromiseWithResolvers<Saved | null>[] = []
    let isSealed = false
    const workspace: Workspace = {
      directory: '/work/t',
      snapshot() {
        saves.push(Promise.withResolvers<Saved | null>())
        return saves.at(-1)?.promise ?? Promise.resolve(null)
      },
      seal() {
        isSealed = true
        return Promise.resolve({ how: 'unchanged' })
      },
      release: () => Promise.resolve(),
    }
    const clock = new ManualClock()
    const parts = {
      ...means({
        openWorkspace: () => Promise.resolve(workspace),
        startActor: () => Promise.resolve(actor({ run: running.promise })),
      }),
      clock,
      snapshots: openSnapshots({ clock, everyMs: 100 }),
    }
    const result = carryOutAttempt(parts)
    await turns()
    clock.advance(100)
    await turns()
    clock.advance(1_000)
    t.equal(saves.length, 1, 'the next one waits for this one')
    saves[0]?.reject(new Error('a file came and went'))
    await turns()
    clock.advance(20_000)
    await turns()
    t.equal(saves.length, 2, 'one that failed is followed by another')
    running.resolve(completed)
    await turns()
    t.notOk(isSealed)
    saves[1]?.resolve(snapshot)
    t.match(await result, { end: { how: 'completed' } })
    t.ok(isSealed)
    t.equal(clock.waiting, 0, 'no timer stays')
  },
)

void t.test('an attempt that is stopped is cancelled, politely or at once', async (t) => {
  for (const [name, grace] of [
    ['polite', 100],
    ['force', 0],
  ] as const) {
    const hanging = actor()
    const controller = new AbortController()
    const result = carryOutAttempt(means({ [name]: controller.signal, startActor: () => Promise.resolve(hanging) }))
    await turns()
    controller.abort(new Error('enough'))
    t.match(await result, { end: { how: 'cancelled', reason: 'enough' } })
    t.equal(hanging.stops[0], `enough ${grace}`)
  }
})

void t.test('work that cannot be sealed is a failure, and its workspace is kept', async (t) => {
  for (const sealing of [new Error('broken'), { how: 'refused', message: 'broken', directory: '/work/t' } as const]) {
    const { end, workspace } = await carryOutAttempt(means({ sealing }))
    t.match(end, { how: 'failed', failure: { message: /kept in \/work\/t: broken/ } })
    t.equal(workspace, null)
  }
})

void t.test(
  'the aggregator outlives its actor: what was asked is asked again, what was given is told again',
  async (t) => {
    const aggregator = openAggregator()
    const contribution = { changeSet: { commit: 'c1' }, owns: null } as unknown as Contribution
    const asked: string[] = []
    const mortal = (name: string, lives: boolean): ActorHandle<AggregatorApi> =>
      ({
        call: (method: string) => {
          asked.push(`${name} ${method}`)
          return lives ? Promise.resolve([]) : Promise.reject(new TroupeError('ACTOR_GONE', 'gone'))
        },
      }) as unknown as ActorHandle<AggregatorApi>
    const added = aggregator.add(contribution)
    aggregator.started(mortal('first', false))
    await turns()
    aggregator.started(mortal('second', true))
    t.same(await added, [])
    await turns()
    t.ok(asked.includes('first add') && asked.includes('second add'))
    aggregator.started(mortal('third', true))
    await turns()
    t.ok(asked.includes('third add'), 'a new one is told what was given before')
    aggregator.givenUp('too many restarts')
    await t.rejects(aggregator.baseFor([]), { code: 'HOST_FAILED' })
  },
)

const question: ModelQuestion = {
  settings: { protocol: 'openai', endpoint: 'x', model: 'm', keyFrom: null, prices: null, body: {} },
  temperature: null,
  idleMs: 1_000,
  system: '',
  verb: 'fix',
  messages: '[]',
}

/** The actor that asks models as a test plays it, and whoever has it asked. */
function askedModels() {
  const clock = new ManualClock()
  const said: string[] = []
  const answers: PromiseWithResolvers<Asked>[] = []
  const ended = new AbortController()
  const models = openModels({ clock, wanted: () => void said.push('wanted') })
  const asking = {
    signal: ended.signal,
    accepted: () => void said.push('accepted'),
    sign: (line: string) => void said.push(line),
  }
  const start = (name: string): void => {
    models.started({
      call: (_method: string, id: number) => {
        said.push(`${name} asked ${id}`)
        answers.push(Promise.withResolvers<Asked>())
        return answers.at(-1)?.promise
      },
      cast: (method: string, id: number) => void said.push(`${name} ${method} ${id}`),
      stop: (reason: string, graceMs: number) => void said.push(`${name} stopped ${reason} ${graceMs}`),
    } as unknown as ActorHandle<ModelsApi>)
  }
  return { clock, said, answers, ended, models, asking, start, ask: () => models.ask(question, asking) }
}

const answer = { how: 'answered', reply: {} } as Asked

void t.test(
  'a model is asked as soon as somebody is there who does it, and what is told meanwhile reaches whoever asked',
  async (t) => {
    const { said, answers, models, start, ask } = askedModels()
    const asked = ask()
    await turns()
    t.same(said, ['wanted'])
    start('first')
    await turns()
    models.hear({ type: 'accepted', id: 1 })
    models.hear({ type: 'sign', id: 1, line: 'still' })
    models.hear({ type: 'sign', id: 2, line: 'of nobody' })
    answers[0]?.resolve(answer)
    t.same(await asked, answer)
    models.hear({ type: 'sign', id: 1, line: 'too late' })
    t.same(said, ['wanted', 'first asked 1', 'accepted', 'still'])
  },
)

void t.test('the death of whoever asks models is a refusal, and the next question goes to the next one', async (t) => {
  const { said, answers, models, start, ask } = askedModels()
  start('first')
  const lost = ask()
  await turns()
  answers[0]?.reject(new TroupeError('ACTOR_GONE', 'it is gone'))
  t.match(await lost, {
    how: 'refused',
    refusal: { class: 'network', message: /^the model could not be asked: it is gone/ },
  })
  const asked = ask()
  await turns()
  t.equal(said.length, 3, 'nobody is asked before there is a new one')
  start('second')
  await turns()
  answers[1]?.resolve(answer)
  t.same(await asked, answer)
  models.givenUp('it dies and dies')
  t.match(await ask(), {
    how: 'refused',
    refusal: { class: 'network', message: /cannot be kept alive: it dies and dies/ },
  })
  start('third')
  const last = ask()
  await turns()
  answers[2]?.reject(new RangeError('a bug'))
  await t.rejects(last, new RangeError('a bug'))
})

void t.test(
  'whoever asks models and says nothing for long is taken away, and a question that nobody waits for is given up',
  async (t) => {
    const { clock, said, answers, ended, models, start, ask } = askedModels()
    start('first')
    const asked = ask()
    await turns()
    clock.advance(60_999)
    models.hear({ type: 'accepted', id: 1 })
    clock.advance(60_999)
    t.same(said.slice(2), ['accepted'])
    clock.advance(1)
    t.same(said.slice(3), ['first stopped it says nothing any more 0'])
    ended.abort(new Error('enough'))
    t.same(said.slice(4), ['first giveUp 1'])
    answers[0]?.reject(new Error('any'))
    await t.rejects(asked, new Error('enough'))
    await t.rejects(ask(), new Error('enough'))
    t.equal(said.filter((line) => line.includes('asked')).length, 1)
    t.equal(clock.waiting, 0)
  },
)

/** A tree of nothing but what a test starts; its actors end when the test says so. `meanwhile` is done while it starts. */
async function treeWith(start: (count: number) => Promise<void>, meanwhile: (tree: TroupeTree) => void = () => {}) {
  const clock = new ManualClock()
  const said: string[] = []
  const ends: PromiseWithResolvers<Exit>[] = []
  const child = (): ActorHandle<never> => {
    const end = Promise.withResolvers<Exit>()
    ends.push(end)
    const stop = (reason: string): Promise<Exit> => {
      end.resolve({ how: 'shutdown', reason })
      return end.promise
    }
    return { closed: end.promise, stop } as unknown as ActorHandle<never>
  }
  let starts = 0
  const noted = (name: string) => ({
    started: () => void said.push(`${name} started`),
    givenUp: (reason: string) => void said.push(`${name} given up: ${reason}`),
  })
  const tree = openTroupeTree({
    clock,
    random: () => 0,
    log: silentLog as unknown as Log,
    hosts: { [Symbol.asyncDispose]: () => Promise.resolve() },
    aggregator: noted('aggregator') as unknown as Aggregator,
    startAggregator: () => Promise.resolve(child()),
    models: noted('models') as unknown as Models,
    startModels: async () => {
      starts += 1
      await start(starts)
      return child()
    },
    graceMs: 1_000,
  })
  const crash = async (): Promise<void> => {
    ends.at(-1)?.resolve({ how: 'crashed', message: 'gone', code: null, signal: null })
    await turns()
    clock.advance(1_000)
    await turns()
  }
  const started = tree.start()
  meanwhile(tree)
  await started
  return { tree, said, crash }
}

void t.test(
  'what asks models is started once it is wanted, and again when it dies; that it cannot be kept alive ends no run',
  async (t) => {
    const { tree, said, crash } = await treeWith(() => Promise.resolve())
    t.same(said, ['aggregator started'])
    tree.wantModels()
    tree.wantModels()
    await turns()
    t.same(said.slice(1), ['models started'])
    for (let count = 0; count < 3; count++) await crash()
    t.equal(said.length, 5, 'it is started again')
    await crash()
    t.match(said.slice(5), ['models given up: its supervisor ended: shutdown'])
    await tree.stop('enough')
    t.match(said.at(-1), 'aggregator given up: the supervision tree ended: shutdown', 'it lived on until then')
  },
)

void t.test(
  'what asks models and is wanted while the tree starts is started with it, and nobody is refused',
  async (t) => {
    const { tree, said } = await treeWith(
      () => Promise.resolve(),
      (starting) => starting.wantModels(),
    )
    await turns()
    t.same(said.toSorted(), ['aggregator started', 'models started'])
    await tree.stop('enough')
  },
)

void t.test('what asks models and cannot start is tried again when it is wanted again', async (t) => {
  const { tree, said } = await treeWith((count) =>
    count === 1 ? Promise.reject(new Error('no thread')) : Promise.resolve(),
  )
  tree.wantModels()
  await turns()
  t.match(said.slice(1), ['models given up: no thread'])
  tree.wantModels()
  await turns()
  t.same(said.slice(2), ['models started'])
  await tree.stop('enough')
})

void t.test('a conversation has a model asked with a place, and gives it back as the answer was', async (t) => {
  const clock = new ManualClock()
  const { models, start, answers, said } = askedModels()
  start('models')
  const task = { id: asTaskId('t') } as Task
  const account = openBudgets(clock, noBudget).open({ id: task.id, budget: noBudget })
  let held = false
  const place = {
    accepted: () => void said.push('place accepted'),
    refused() {},
    giveBack: (given: PlaceAnswer) => void said.push(`given back ${given.how}`),
  }
  const take = () => Promise.resolve(held ? ({ provider: 'house', class: 'quota', until: 5 } as const) : place)
  const places: Places = { limits: () => true, take, spend() {} }
  const conversation = converse({ clock, account, task, held: openHeldFiles(), places, models })
  const asking: ActorHandle<AgentActorApi> = { ...actor(), cast: (...cast) => void said.push(JSON.stringify(cast)) }
  await conversation.with(Promise.resolve(asking))
  const hear = async (id: number): Promise<void> => {
    said.length = 0
    conversation.hear({ type: 'question', id, question: { ask: 'model', question } })
    await turns()
  }
  await hear(7)
  t.ok(conversation.holdsPlace)
  models.hear({ type: 'accepted', id: 1 })
  models.hear({ type: 'sign', id: 1, line: 'still' })
  answers[0]?.resolve(answer)
  await turns()
  t.same(said.slice(2), [
    'place accepted',
    '["sign",7,"still"]',
    'given back ok',
    '["answer",7,{"asked":{"how":"answered","reply":{}}}]',
  ])
  t.notOk(conversation.holdsPlace)
  await hear(8)
  answers[1]?.resolve({ how: 'refused', refusal: refusal('overloaded', 'full') })
  await turns()
  t.match(said.slice(2), ['given back refused', /^\["answer",8,.*full/])
  await hear(9)
  answers[2]?.reject(new RangeError('a bug'))
  await turns()
  t.match(said.slice(2), ['given back ok', /^\["answer",9,\{"thrown":\{"name":"RangeError"/])
  held = true
  await hear(10)
  t.same(said, ['["answer",10,{"provider":"house","class":"quota","until":5}]'])
  held = false
  await hear(11)
  conversation.end()
  t.same(said.slice(2), ['models giveUp 4', 'given back ok'])
  answers[3]?.reject(new Error('given up'))
  await turns()
  t.equal(said.length, 4, 'nobody waits for an answer any more')
})

/** Early checks on an owned clock; every check waits until the test answers it. */
function earlyChecks(checks = [{ name: 'tests', command: ['true'], timeoutMs: null }]) {
  const clock = new ManualClock()
  const asked: string[] = []
  const answers: ((verdict: EarlyVerdict) => void)[] = []
  const recorded: RunEvent[] = []
  let cancelled = 0
  const early = openEarlyChecks({
    clock,
    checks,
    prepare: [],
    async check({ changeSets }) {
      asked.push(changeSets.map(({ commit }) => commit).join(' '))
      const { promise, resolve } = Promise.withResolvers<EarlyVerdict>()
      answers.push(resolve)
      return await promise
    },
    async cancel() {
      cancelled += 1
      answers.at(-1)?.({ passed: [], failed: [] })
    },
    async record(event) {
      recorded.push(event)
    },
  })
  const wrote = (...commits: readonly string[]): void =>
    early.changed(commits.map((commit) => ({ commit }) as unknown as ChangeSet))
  const answer = async (verdict: Partial<EarlyVerdict>): Promise<void> => {
    answers.at(-1)?.({ passed: [], failed: [], ...verdict })
    await turns()
  }
  return { clock, early, asked, recorded, wrote, answer, cancelled: () => cancelled }
}

const brokenBy = (...tasks: readonly string[]): EarlyVerdict => ({
  passed: [],
  failed: [{ check: 'tests', tasks: tasks.map(asTaskId), output: 'no' }],
})

void t.test('early checks wait for calm, but not for ever, and one at a time', async (t) => {
  const { clock, asked, wrote, answer } = earlyChecks()
  wrote('a1')
  clock.advance(60_000)
  t.same(asked, [], 'one alone is not worth it')
  wrote('a1', 'b1')
  clock.advance(1_999)
  wrote('a1', 'b2')
  clock.advance(1_999)
  t.same(asked, [])
  clock.advance(1)
  t.same(asked, ['a1 b2'])
  for (let count = 0; count < 30; count++) {
    wrote('a1', `c${count}`)
    clock.advance(1_000)
  }
  t.equal(asked.length, 1, 'one at a time')
  await answer({})
  clock.advance(29_000)
  t.equal(asked.length, 1, 'it rests as long as it took')
  clock.advance(3_000)
  t.same(asked, ['a1 b2', 'a1 c29'])
  await answer({})
  wrote('a1', 'c29')
  clock.advance(60_000)
  t.equal(asked.length, 2, 'the same is not checked again')
  for (let count = 0; count < 25; count++) {
    wrote('a1', `d${count}`)
    clock.advance(1_000)
  }
  t.equal(asked.length, 3, 'whoever never rests is checked all the same')
})

void t.test('what an early check finds is told once, otherwise when it is otherwise, and taken back', async (t) => {
  const { clock, early, recorded, wrote, answer } = earlyChecks()
  const next = async (name: string, verdict: Partial<EarlyVerdict>): Promise<void> => {
    wrote('a', name)
    clock.advance(100_000)
    await answer(verdict)
  }
  await next('1', brokenBy('a', 'b'))
  await next('2', brokenBy('a', 'b'))
  await next('3', {})
  t.same(recorded, [{ type: 'early-check-failed', check: 'tests', tasks: ['a', 'b'], output: 'no' }])
  await next('4', brokenBy('a', 'c'))
  await next('5', { passed: ['tests'] })
  await next('6', { passed: ['tests'] })
  t.match(recorded.slice(1), [{ tasks: ['a', 'c'] }, { type: 'early-check-passed', check: 'tests' }])
  t.equal(recorded.length, 3)
  early.restore([{ at: 0, event: recorded[0] as RunEvent }])
  await next('7', brokenBy('a', 'b'))
  t.equal(recorded.length, 3, 'an earlier supervisor has told it')
  await next('8', { passed: ['tests'] })
  t.match(recorded[3], { type: 'early-check-passed' })
})

void t.test('early checks that are stopped tell nothing any more, and end what is under way', async (t) => {
  const { clock, early, asked, recorded, wrote, cancelled } = earlyChecks()
  wrote('a', 'b')
  clock.advance(2_000)
  t.equal(asked.length, 1)
  await early.stop()
  t.equal(cancelled(), 1)
  wrote('a', 'c')
  clock.advance(100_000)
  t.match({ asked: asked.length, recorded, waiting: clock.waiting }, { asked: 1, recorded: [], waiting: 0 })
  const none = earlyChecks([])
  none.wrote('a', 'b')
  none.clock.advance(100_000)
  t.same(none.asked, [], 'none is asked for')
})

const limited = (limits: Partial<Budget>): Budget => ({ ...noBudget, ...limits })

const used = (inputTokens: number | null, costUsd: number | null = null): Usage => ({
  model: 'm',
  inputTokens,
  outputTokens: null,
  costUsd,
})

const endedWith = (usage: Usage | null): AttemptEnd => ({
  ...completed,
  details: usage === null ? {} : { usage },
  changeSet: null,
})

void t.test(
  'a task that has used all that it may is ended, over all its attempts; what is not told is not held against it',
  async (t) => {
    const clock = new ManualClock()
    const budgets = openBudgets(clock, noBudget)
    const task = { id: asTaskId('t'), budget: limited({ tokens: 100, costUsd: 0.5 }) }
    const first = budgets.open(task)
    first.use(used(60))
    first.use(used(null))
    t.notOk(first.spent.aborted)
    first.close(endedWith(used(70, 0.1))) // 10 tokens of which it had not told
    const second = budgets.open(task)
    second.use(used(29))
    t.notOk(second.spent.aborted)
    second.use(used(1))
    t.match(second.spent.reason, { message: 'it has used 100 of the 100 tokens that it may' })
    second.close(endedWith(null))
    t.ok(budgets.open(task).spent.aborted, 'nor does another attempt begin')
    const dear = budgets.open({ ...task, id: asTaskId('dear') })
    dear.use(used(1, 0.61234567))
    t.match(dear.spent.reason, { message: 'it has used $0.6123 of the $0.5 that it may' })
  },
)

void t.test('the time of a task runs while it is worked on', async (t) => {
  const clock = new ManualClock()
  const budgets = openBudgets(clock, noBudget)
  const task = { id: asTaskId('t'), budget: limited({ timeMs: 1_000 }) }
  const first = budgets.open(task)
  clock.advance(700)
  first.close(endedWith(null))
  clock.advance(5_000)
  const second = budgets.open(task)
  clock.advance(299)
  t.notOk(second.spent.aborted)
  clock.advance(1)
  t.match(second.spent.reason, { message: 'it has used all of the 1s that it may' })
})

void t.test(
  'a run that has used all that it may says so once, counting what earlier supervisors have recorded',
  async (t) => {
    const clock = new ManualClock()
    const budgets = openBudgets(clock, limited({ costUsd: 2, timeMs: 60_000 }))
    const task = asTaskId('t')
    const begun = { type: 'attempt-started', task, attempt: 1, host: 'async' } as const
    const process = { pid: 1, group: 1, startTime: null }
    budgets.restore([
      { at: 1_000, event: { type: 'run-resumed', process } },
      { at: 2_000, event: begun },
      { at: 11_000, event: { type: 'attempt-ended', task, attempt: 1, end: endedWith(used(1, 1.5)), chance: 0 } },
      { at: 900_000, event: { type: 'run-resumed', process } },
    ])
    const said: string[] = []
    budgets.begin((reason) => said.push(reason))
    const again = budgets.open({ id: task, budget: limited({ timeMs: 10_000 }) })
    clock.advance(1_000)
    t.match(again.spent.reason, { message: 'it has used all of the 10s that it may' }, 'nine of them before')
    const other = budgets.open({ id: asTaskId('other'), budget: noBudget })
    other.use(used(1, 0.4))
    t.same(said, [])
    other.use(used(1, 0.2))
    other.use(used(1, 0.2))
    t.same(said, ['the run has used $2.1 of the $2 that it may'])
    const late = openBudgets(clock, limited({ timeMs: 60_000 }))
    late.restore([
      { at: 0, event: { type: 'run-resumed', process } },
      { at: 50_000, event: begun },
    ])
    late.begin((reason) => said.push(reason))
    clock.advance(9_999)
    t.equal(said.length, 1)
    clock.advance(1)
    t.equal(said[1], 'the run has used all of the 1m that it may')
  },
)

void t.test(
  'an attempt whose task has used all that it may is stopped politely, and fails for its budget',
  async (t) => {
    const over = new AbortController()
    const working = actor()
    const work = means({ spent: over.signal, startActor: () => Promise.resolve(working) })
    const done = carryOutAttempt(work)
    await turns()
    over.abort(new TroupeError('INTERNAL', 'it has used 3 of the 2 tokens that it may'))
    t.match((await done).end, { how: 'failed', failure: { kind: 'budget', message: /^it has used 3 of the 2 tokens/ } })
    t.equal(working.stops[0], 'budget 100')
  },
)

void t.test('once its task has used all that it may, an agent gets no other place for a call', async (t) => {
  const clock = new ManualClock()
  const account = openBudgets(clock, noBudget).open({ id: asTaskId('t'), budget: limited({ tokens: 2 }) })
  const answers: unknown[] = []
  let taken = 0
  const conversation = converse({
    clock,
    account,
    models: openModels({ clock, wanted() {} }),
    task: { id: asTaskId('t') } as Task,
    held: openHeldFiles(),
    places: {
      limits: () => true,
      take: () => {
        taken += 1
        return Promise.resolve({ accepted: () => {}, refused: () => {}, giveBack: () => {} })
      },
      spend: () => {},
    },
  })
  const asking: ActorHandle<AgentActorApi> = { ...actor(), cast: (...cast) => void answers.push(cast) }
  await conversation.with(Promise.resolve(asking))
  conversation.hear({ type: 'question', id: 1, question: { ask: 'place' } })
  await turns()
  conversation.hear({ type: 'usage', usage: used(2) })
  conversation.hear({ type: 'question', id: 2, question: { ask: 'place' } })
  await turns()
  t.same(answers, [['answer', 1, 'granted']])
  t.equal(taken, 1)
})
