import fc from 'fast-check'
import t from 'tap'
import type { ActorHandle, Exit, HostKind } from '../../src/actors/contract.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { actorChild } from '../../src/supervisor/tree/actor-child.ts'
import type { Child, ChildPolicy, ChildSpec, Restart } from '../../src/supervisor/tree/child-spec.ts'
import type { Strategy } from '../../src/supervisor/tree/flags.ts'
import type { SupervisorEvent } from '../../src/supervisor/tree/results.ts'
import { startUnder, Supervisor, type SupervisorOptions } from '../../src/supervisor/tree/supervisor.ts'
import type { Command, Fact, TreeEvent } from '../../src/supervisor/tree/transition-events.ts'
import { initialState, type State } from '../../src/supervisor/tree/transition-state.ts'
import { transition } from '../../src/supervisor/tree/transition.ts'
import type { DiesAsTold } from '../fixtures/actors/dies-as-told.ts'
import { type End, OtpModel, type Role, type Troupe, type World } from './otp-model.ts'
import { crash, killed, normal, settled, shutdown, Stage } from './stage.ts'

// OTP's rules on real actors in every host; cases on an owned clock are in tree.test.ts
const hosts = openHosts({ thread: { maxThreads: 8 } })
t.teardown(() => hosts[Symbol.asyncDispose]())

type Actor = ActorHandle<DiesAsTold>

const module = import.meta.resolve('../fixtures/actors/dies-as-told.ts')
const restarts: readonly Restart[] = ['permanent', 'transient', 'temporary']

/** How a child is ended: by itself, by somebody who asks or takes it away, or by a crash of its own. */
const ends = {
  normal: (actor: Actor) => actor.cast('finish'),
  shutdown: (actor: Actor) => void actor.stop('asked by somebody else', 5_000),
  killed: (actor: Actor) => void actor.stop('taken away', 0),
  crashed: (actor: Actor) => actor.cast('crash'),
} satisfies Record<Exit['how'], (actor: Actor) => void>

/** Who is started again with the child in the middle of three. */
const startedAgain: Readonly<Record<Exclude<Strategy, 'simple'>, readonly string[]>> = {
  'one-for-one': ['b'],
  'rest-for-one': ['b', 'c'],
  'one-for-all': ['a', 'b', 'c'],
}

/** In the supervisor's own event loop a crash takes the supervisor along. */
const endsIn = (kind: HostKind): readonly Exit['how'][] =>
  kind === 'async' ? ['normal', 'shutdown', 'killed'] : ['normal', 'shutdown', 'killed', 'crashed']

const isAbnormal = (how: Exit['how']): boolean => how === 'killed' || how === 'crashed'
const isRestarted = (restart: Restart, how: Exit['how']): boolean =>
  restart === 'permanent' || (restart === 'transient' && isAbnormal(how))

interface Otherwise {
  /** How many restarts are allowed. */
  readonly most?: number
  /** Which children live in another host. */
  readonly elsewhere?: Readonly<Record<string, HostKind>>
}

/** A supervisor of real actors whose events can be waited for. */
class Watched {
  readonly events: SupervisorEvent[] = []
  readonly supervisor: Supervisor
  #changed = Promise.withResolvers<void>()

  constructor(kind: HostKind, strategy: Strategy, children: Readonly<Record<string, Restart>>, more: Otherwise = {}) {
    const { most = 5, elsewhere = {} } = more
    this.supervisor = new Supervisor({
      strategy,
      intensity: { restarts: most, withinMs: 3_600_000 },
      children: Object.entries(children).map(([id, restart]) =>
        actorChild(hosts.get(elsewhere[id] ?? kind), { id, module, restart }),
      ),
      onEvent: (event) => {
        this.events.push(event)
        this.#changed.resolve()
      },
    })
  }

  async until(holds: (events: readonly SupervisorEvent[]) => boolean): Promise<void> {
    while (!holds(this.events)) {
      this.#changed = Promise.withResolvers()
      await this.#changed.promise
    }
  }

  child(id: string): Actor {
    return this.supervisor.whichChildren().find((child) => child.id === id)?.child as Actor
  }

  /** Ids of the children that were started since the first start of all. */
  started(initially: number): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'child-started' ? [event.id] : [])).slice(initially)
  }
}

for (const kind of ['async', 'thread', 'process'] as const) {
  void t.test(`restart types, exits and strategies (${kind})`, async (t) => {
    for (const strategy of ['one-for-one', 'rest-for-one', 'one-for-all'] as const)
      for (const restart of restarts)
        for (const how of endsIn(kind))
          await t.test(`a ${restart} child that ends ${how} under ${strategy}`, async (t) => {
            // all three in one host where the middle one is permanent; else only that one, which is cheaper, and mixed
            const elsewhere: Otherwise['elsewhere'] = restart === 'permanent' ? {} : { a: 'async', c: 'async' }
            const watched = new Watched(kind, strategy, { a: 'permanent', b: restart, c: 'permanent' }, { elsewhere })
            await watched.supervisor.start()
            const expected = isRestarted(restart, how) ? startedAgain[strategy] : []
            ends[how](watched.child('b'))
            await watched.until((events) => events.some((event) => event.type === 'child-exited' && event.id === 'b'))
            await watched.until(() => watched.started(3).length >= expected.length)
            t.same(watched.started(3), expected)
            const exit = watched.events.find((event) => event.type === 'child-exited' && event.id === 'b')
            t.match(exit, { exit: { how } })
            const left = watched.supervisor.whichChildren().map(({ id, status }) => `${id} ${status}`)
            t.same(left, leftAfter(restart, expected.length > 0))
            t.match(await watched.supervisor.stop('enough'), { how: 'shutdown' })
          })
  })

  void t.test(`intensity: as many restarts as allowed, and one more ends the supervisor (${kind})`, async (t) => {
    const watched = new Watched(kind, 'one-for-one', { a: 'permanent', b: 'permanent' }, { most: 2 })
    await watched.supervisor.start()
    for (const startsSoFar of [3, 4]) {
      ends.killed(watched.child('a'))
      await watched.until(() => watched.started(0).length === startsSoFar)
    }
    const other = watched.child('b')
    ends.killed(watched.child('a'))
    t.match(await watched.supervisor.closed, { how: 'shutdown', reason: 'reached maximum restart intensity' })
    t.match(await other.closed, { how: 'shutdown' }, 'nothing of it is left')
  })

  void t.test(`escalation through three levels (${kind})`, async (t) => {
    const intensity = { restarts: 0, withinMs: 3_600_000 }
    const leaf = actorChild(hosts.get(kind), { id: 'leaf', module })
    let inner: Supervisor | undefined
    const under = startUnder({ strategy: 'one-for-one', intensity, children: [leaf] })
    const innerSpec = {
      id: 'inner',
      kind: 'supervisor',
      start: async () => (inner = await under()),
    } as const
    const middle = {
      id: 'middle',
      kind: 'supervisor',
      start: startUnder({ strategy: 'one-for-all', intensity, children: [innerSpec] }),
    } as const
    const top = new Supervisor({ strategy: 'rest-for-one', intensity, children: [middle] })
    await top.start()
    ends.killed(inner?.whichChildren()[0]?.child as Actor)
    t.match(await top.closed, { how: 'shutdown', reason: 'reached maximum restart intensity' })
  })

  void t.test(`simultaneous ends of a group are one restart of it (${kind})`, async (t) => {
    const watched = new Watched(kind, 'one-for-all', { a: 'permanent', b: 'permanent', c: 'permanent' }, { most: 3 })
    await watched.supervisor.start()
    for (const id of ['a', 'b', 'c']) ends.killed(watched.child(id))
    await watched.until(() => watched.started(3).length >= 3)
    t.same(watched.started(3).slice(-3), ['a', 'b', 'c'])
    t.same(
      watched.supervisor.whichChildren().map(({ status }) => status),
      ['running', 'running', 'running'],
    )
    await watched.supervisor.stop('enough')
  })

  void t.test(`a significant child ends its supervisor, and with it all others (${kind})`, async (t) => {
    for (const [autoShutdown, needed] of [
      ['any-significant', 1],
      ['all-significant', 2],
    ] as const) {
      const spec = (id: string) => actorChild(hosts.get(kind), { id, module, restart: 'transient', significant: true })
      const bystander = actorChild(hosts.get(kind), { id: 'bystander', module })
      const supervisor = new Supervisor({
        strategy: 'one-for-one',
        autoShutdown,
        children: [bystander, spec('x'), spec('y')],
      })
      await supervisor.start()
      const [other, ...significant] = supervisor.whichChildren().map(({ child }) => child as Actor)
      for (const actor of significant.slice(0, needed)) ends.normal(actor)
      t.match(await supervisor.closed, { how: 'shutdown', reason: 'automatic shutdown' }, autoShutdown)
      t.match(await other?.closed, { how: 'shutdown' })
    }
  })

  void t.test(`children are added, terminated, restarted and deleted while others run (${kind})`, async (t) => {
    const { supervisor } = new Watched(kind, 'one-for-one', { a: 'permanent' })
    await supervisor.start()
    t.match(await supervisor.startChild(actorChild(hosts.get(kind), { id: 'n', module })), { ok: true })
    t.match(await supervisor.deleteChild('n'), { ok: false, reason: 'running' })
    t.match(await supervisor.terminateChild('n'), { ok: true })
    t.match(await supervisor.restartChild('n'), { ok: true })
    t.match(await supervisor.restartChild('n'), { ok: false, reason: 'running' })
    t.match(await supervisor.terminateChild('n'), { ok: true })
    t.match(await supervisor.deleteChild('n'), { ok: true })
    t.same(supervisor.countChildren(), { specs: 1, active: 1, supervisors: 0, workers: 1 })
    await supervisor.stop('enough')
  })
}

/** OTP forgets a temporary child that has ended; a transient one stays, stopped. */
function leftAfter(restart: Restart, isStartedAgain: boolean): readonly string[] {
  if (isStartedAgain) return ['a running', 'b running', 'c running']
  return restart === 'temporary' ? ['a running', 'c running'] : ['a running', 'b stopped', 'c running']
}

// from here on the tree beside a model of OTP, on an owned clock

type Act =
  | { readonly act: 'end'; readonly where: number; readonly who: readonly number[]; readonly exit: Exit }
  | { readonly act: 'fail'; readonly where: number; readonly whom: number; readonly times: number }
  | { readonly act: 'wait'; readonly ms: number }
  | { readonly act: 'terminate' | 'restart' | 'delete'; readonly where: number; readonly whom: number }
  | { readonly act: 'start'; readonly where: number; readonly role: Role }

/** The real tree beside its model. */
class Rehearsal {
  readonly stage = new Stage()
  readonly world: World
  readonly model: OtpModel
  /** What `onEvent` found, which must not throw. */
  readonly faults: string[] = []
  readonly supervisors = new Map<string, Supervisor>()
  readonly #top: Supervisor

  /** Dynamic children stop all at once: their order is nobody's promise. */
  readonly #simple: boolean

  constructor(troupe: Troupe, met: World['met']) {
    this.world = { now: 0, log: [], failures: new Map(), met }
    this.#simple = JSON.stringify(troupe).includes('simple')
    this.model = new OtpModel(this.world, troupe, '', null)
    this.#top = this.#supervisor(troupe, '')
  }

  async start(): Promise<void> {
    const expected = this.model.start()
    const result = await this.#top.start()
    same('start', result.ok, expected)
    await this.compare()
  }

  async stop(): Promise<void> {
    if (this.model.alive) this.model.stop()
    await this.#top.stop('enough', Infinity)
    await this.compare()
  }

  async perform(act: Act): Promise<void> {
    if (act.act === 'wait') {
      this.world.now += act.ms
      this.stage.clock.advance(act.ms)
    } else if (act.act === 'fail') {
      const id = this.#pick(this.#pick(this.model.living(), act.where)?.children ?? [], act.whom)?.role.id ?? 'leaf100'
      this.world.failures.set(id, act.times)
      this.stage.failures.set(id, act.times)
    } else if (act.act === 'end') this.#end(act)
    else await this.#call(act)
    await settled()
    await this.compare()
  }

  /** Same order of starts and stops, same children in the same state, same supervisors alive, nothing twice. */
  async compare(): Promise<void> {
    const [real, expected] = [this.stage.taken(), this.world.log.splice(0)]
    same('log', this.#simple ? real.toSorted() : real, this.#simple ? expected.toSorted() : expected)
    same('failures left', sum(this.stage.failures), sum(this.world.failures))
    same('intensity', this.faults, [])
    same('doubled', this.stage.doubled, false)
    same(
      'alive',
      await Promise.race([this.#top.closed.then(() => false), settled().then(() => true)]),
      this.model.alive,
    )
    for (const model of this.model.living()) {
      const real = this.supervisors.get(model.path)?.whichChildren() ?? []
      const expected = model.children.map(({ role, pid }) => `${role.id} ${pid === 'undefined' ? 'stopped' : pid}`)
      const path = model.path
      same(
        `children of ${path}`,
        real.map(({ id, status }) => `${id} ${status}`),
        expected,
      )
    }
    const playing = this.model
      .living()
      .flatMap(({ children }) => children.filter(({ pid, role }) => pid === 'running' && role.under === null))
    same('on stage', [...this.stage.playing.keys()].toSorted(), playing.map(({ role }) => role.id).toSorted())
  }

  #end({ where, who, exit }: Extract<Act, { act: 'end' }>): void {
    const model = this.#pick(this.model.living(), where)
    const leaves = model?.children.filter(({ role, pid }) => role.under === null && pid === 'running') ?? []
    const ids = [...new Set(who.map((index) => this.#pick(leaves, index)?.role.id))].filter((id) => id !== undefined)
    const end: End = exit.how === 'normal' ? 'normal' : exit.how === 'shutdown' ? 'shutdown' : 'abnormal'
    for (const id of ids) this.stage.player(id).end(exit)
    if (ids.length > 0) model?.end(ids.map((id) => [id, end] as const))
  }

  async #call(act: Extract<Act, { where: number; act: 'terminate' | 'restart' | 'delete' | 'start' }>): Promise<void> {
    const model = this.#pick(this.model.living(), act.where)
    const real = model && this.supervisors.get(model.path)
    if (model === undefined || real === undefined) return
    if (act.act === 'start') {
      const role = { ...act.role, id: `${act.role.id}${model.path}` }
      same('startChild', codeOf(await real.startChild(this.#spec(role, ''))), model.startChild(role))
      return
    }
    const id = this.#pick(model.children, act.whom)?.role.id ?? 'nobody'
    const method = `${act.act}Child` as const
    const expected = model[method](id)
    same(`${method} ${id}`, codeOf(await real[method](id)), expected)
  }

  #supervisor(troupe: Troupe, path: string): Supervisor {
    const { strategy, restarts, withinMs, autoShutdown, roles } = troupe
    const counted: number[] = []
    const options: SupervisorOptions = this.stage.options({
      strategy,
      autoShutdown,
      intensity: { restarts, withinMs },
      children: roles.map((role) => this.#spec(role, path)),
      onEvent: (event) => {
        if (event.type !== 'child-restarting') return
        const now = this.stage.clock.monotonic()
        counted.push(now)
        const within = counted.filter((at) => at >= now - withinMs).length
        if (within > restarts || event.restarts !== within)
          this.faults.push(`${within} of ${restarts} restarts in ${path}`)
      },
    })
    const supervisor = new Supervisor(options)
    this.supervisors.set(path, supervisor)
    return supervisor
  }

  #spec({ id, restart, significant, under }: Role, path: string): ChildSpec {
    if (under === null) return this.stage.spec(id, { restart, significant })
    return { id, restart, significant, kind: 'supervisor', start: () => this.#startUnder(under, `${path}/${id}`, id) }
  }

  async #startUnder(troupe: Troupe, path: string, id: string): Promise<Child> {
    this.stage.log.push(`start ${id}`)
    const supervisor = this.#supervisor(troupe, path)
    const result = await supervisor.start()
    if (!result.ok) throw new Error(result.reason)
    return {
      closed: supervisor.closed,
      stop: (reason, graceMs) => {
        this.stage.log.push(`stop ${id}`)
        return supervisor.stop(reason, graceMs)
      },
    }
  }

  #pick<Item>(items: readonly Item[], index: number): Item | undefined {
    return items[index % Math.max(1, items.length)]
  }
}

function same(what: string, real: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(real), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: is ${a}, by OTP's rules ${b}`)
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, count) => all + count, 0)

const codeOf = (result: { readonly ok: boolean; readonly reason?: string }): string =>
  result.ok ? 'ok' : String(result.reason)

const restart = fc.constantFrom('permanent', 'transient', 'temporary', 'permanent' as const)
const exit = fc.constantFrom(crash, crash, killed, normal, shutdown)

/** Round ones now and then, so that sums of waits meet the window's edge. */
const moments = fc.oneof(fc.constantFrom(50, 100, 200), fc.integer({ min: 1, max: 300 }))

/** Troupes with supervisors under supervisors; ids are given by place so that no two are the same. */
function troupes(depth: number): fc.Arbitrary<Troupe> {
  const under = depth === 0 ? fc.constant(null) : fc.option(troupes(depth - 1), { freq: 4 })
  const role = fc.record({ id: fc.constant(''), restart, significant: fc.boolean(), under })
  return fc.record({
    strategy: fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one', 'simple'),
    restarts: fc.integer({ min: 0, max: 9 }),
    withinMs: moments,
    autoShutdown: fc.constantFrom('never', 'never', 'any-significant', 'all-significant'),
    roles: fc.array(role, { maxLength: 4, size: 'max' }),
  })
}

function cast(troupe: Troupe, ids: { next: number }): Troupe {
  const roles = troupe.strategy === 'simple' ? [] : troupe.roles
  return { ...troupe, roles: roles.map((role) => assign(role, troupe, ids)) }
}

function assign(role: Role, { autoShutdown }: Troupe, ids: { next: number }): Role {
  const under = role.under === null ? null : cast(role.under, ids)
  const id = under === null ? `leaf${ids.next++}` : `troupe${ids.next++}`
  return {
    ...role,
    id,
    under,
    significant: role.significant && autoShutdown !== 'never' && role.restart !== 'permanent',
  }
}

const nat = fc.nat({ max: 20 })
const dynamic = fc.record({
  id: fc.constantFrom('leaf100', 'leaf101', 'leaf102'),
  restart,
  significant: fc.constant(false),
  under: fc.constant(null),
})
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant('end'),
      where: nat,
      who: fc.array(nat, { minLength: 1, maxLength: 3 }),
      exit,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('fail'), where: nat, whom: nat, times: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('wait'), ms: moments }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constantFrom('terminate', 'restart', 'delete'), where: nat, whom: nat }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('start'), where: nat, role: dynamic }) },
)

void t.test('trees behave as OTP says, whatever happens', async (t) => {
  const met: World['met'] = new Map()
  const performances = fc.asyncProperty(
    troupes(2),
    fc.array(act, { maxLength: 30, size: 'max' }),
    async (troupe, acts) => {
      const rehearsal = new Rehearsal(cast(troupe, { next: 0 }), met)
      await rehearsal.start()
      for (const act of acts) await rehearsal.perform(act)
      await rehearsal.stop()
      same('nobody is left on stage', rehearsal.stage.playing.size, 0)
    },
  )
  await fc.assert(performances, { numRuns: 3000 })
  const strategies = ['one-for-one', 'one-for-all', 'rest-for-one', 'simple']
  const rules = [
    ...strategies.flatMap((strategy) => [
      `${strategy}: a restart fails`,
      ...['permanent', 'transient', 'temporary'].flatMap((type) =>
        ['normal', 'shutdown', 'abnormal'].map((end) => `${strategy}: ${type} ends ${end}`),
      ),
    ]),
    'auto-shutdown: any-significant',
    'auto-shutdown: all-significant',
    'intensity: reached',
    'intensity: passed, at the top',
    'intensity: passed, told to the supervisor above',
    'window slides',
    'window: a restart exactly at its beginning',
  ]
  const rare = rules.map((rule) => [rule, met.get(rule) ?? 0] as const).filter(([, times]) => times < 10)
  t.same(rare, [], 'every rule was come upon ten times or more')
})

/** A happening by the place of its child and how many lives ago it was; 0 is the latest. */
type Rough = { readonly child: number; readonly ago: number } & (
  | { readonly type: 'start' | 'unheard-of' }
  | { readonly type: 'started' | 'start-failed' | 'wait-over' }
  | { readonly type: 'exited'; readonly exit: Exit }
  | { readonly type: 'terminate-child' | 'restart-child' | 'delete-child' | 'start-child' }
)

const place = { child: fc.nat({ max: 4 }), ago: fc.constantFrom(0, 0, 0, 1, 2) }
const rough: fc.Arbitrary<Rough> = fc.oneof(
  fc.record({ type: fc.constantFrom('start', 'unheard-of'), ...place }),
  {
    weight: 20,
    arbitrary: fc.record({ type: fc.constantFrom('started', 'started', 'start-failed', 'wait-over'), ...place }),
  },
  { weight: 12, arbitrary: fc.record({ type: fc.constant('exited'), exit, ...place }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('terminate-child', 'restart-child', 'delete-child', 'start-child'),
      ...place,
    }),
  },
)

const policyOf = (id: string, restart: ChildPolicy['restart'], backoff: ChildPolicy['backoff']): ChildPolicy => ({
  id,
  restart,
  backoff,
  shutdown: 100,
  significant: false,
  kind: 'worker',
})

function exactly(state: State, happening: Rough): TreeEvent {
  const at = state.now + 1
  const child = state.children[happening.child]
  const id = child?.policy.id ?? 'nobody'
  const latest = child !== undefined && 'incarnation' in child.status ? child.status.incarnation : state.lastIncarnation
  const life = { id, at, incarnation: latest - happening.ago }
  const { type } = happening
  if (type === 'exited') return { type, exit: happening.exit, ...life }
  if (type === 'start-failed') return { type, message: 'no', cause: null, ...life }
  if (type === 'started' || type === 'wait-over') return { type, ...life }
  return asked(type, id, at)
}

function asked(type: Exclude<Rough['type'], Fact['type'] | 'wait-over'>, id: string, at: number): TreeEvent {
  switch (type) {
    case 'start':
      return { type, call: at, at }
    case 'start-child':
      return { type, call: at, id: `new${at}`, policy: policyOf(`new${at}`, 'transient', null), at }
    case 'terminate-child':
    case 'restart-child':
    case 'delete-child':
      return { type, call: at, id, at }
    case 'unheard-of':
      return { type, at } as unknown as TreeEvent
  }
}

/** A machine that is told things, and what must hold whatever it is told. */
class Told {
  state: State
  readonly #starts = new Set<number>()
  readonly #living = new Set<number>()
  readonly #asked = new Set<number>()
  readonly #answered = new Set<number>()
  readonly #waits = new Set<number>()
  #exits = 0

  constructor(state: State) {
    this.state = state
  }

  tell(event: TreeEvent): void {
    const before = JSON.stringify(this.state)
    if ('call' in event) this.#asked.add(event.call)
    const starting = event.type === 'started' && this.#starts.delete(event.incarnation)
    if (starting) this.#living.add(event.incarnation)
    if (event.type === 'start-failed') this.#starts.delete(event.incarnation)
    if (event.type === 'exited') this.#living.delete(event.incarnation)
    if (event.type === 'wait-over') this.#waits.delete(event.incarnation)
    const [next, commands] = transition(this.state, event)
    same('the old state is untouched', JSON.stringify(this.state), before)
    if (isLate(this.state, event)) same('what is late changes no child', next.children, this.state.children)
    this.state = next
    for (const command of commands) this.#obey(command)
    this.#check()
  }

  /** Everything asked to stop stops, everything starting starts: then all is over. */
  finish(): void {
    for (let round = 0; round < 100 && this.state.phase.phase !== 'stopped'; round++) {
      const [child] = this.state.children
        .filter(({ status }) => status.status === 'starting' || status.status === 'stopping')
        .toReversed()
      if (child === undefined || !('incarnation' in child.status)) break
      const of = { id: child.policy.id, incarnation: child.status.incarnation, at: this.state.now }
      if (child.status.status === 'starting') this.tell({ type: 'started', ...of })
      else this.tell({ type: 'exited', exit: normal, ...of })
    }
    same('the supervisor has stopped', this.state.phase.phase, 'stopped')
    same('it said so once', this.#exits, 1)
    same(
      'every call was answered',
      [...this.#asked].filter((call) => !this.#answered.has(call)),
      [],
    )
    same('no wait is left', this.#waits.size, 0)
  }

  #obey(command: Command): void {
    if (command.type === 'start') this.#starts.add(command.incarnation)
    if (command.type === 'exit') this.#exits++
    if (command.type === 'wait') this.#waits.add(command.incarnation)
    if (command.type === 'cancel-wait') this.#waits.delete(command.incarnation)
    if (command.type !== 'reply') return
    same('a call is answered once', this.#answered.has(command.call), false)
    this.#answered.add(command.call)
  }

  #check(): void {
    const { children, outbox, restarts, flags } = this.state
    same('the outbox is empty', outbox.length, 0)
    same('no id twice', new Set(children.map(({ policy }) => policy.id)).size, children.length)
    if (this.state.phase.phase === 'running') same('intensity', restarts.length <= flags.intensity.restarts, true)
  }
}

function isLate({ children }: State, event: TreeEvent): boolean {
  if (!('incarnation' in event)) return false
  const status = children.find(({ policy }) => policy.id === event.id)?.status
  return status === undefined || !('incarnation' in status) || status.incarnation !== event.incarnation
}

void t.test('the transition is total: any event in any state, late or unknown, is taken', (t) => {
  const backoff = fc.constantFrom(null, { firstMs: 1, maxMs: 2, factor: 1, jitter: 0 })
  const policies = fc.array(fc.tuple(restart, backoff), { minLength: 1, maxLength: 4, size: 'max' })
  const strategy = fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one', 'simple' as const)
  const happenings = fc.array(rough, { maxLength: 60, size: 'max' })
  const ending = fc.constantFrom('stop', 'force' as const)
  const property = fc.property(strategy, policies, happenings, ending, (strategy, policies, happenings, ending) => {
    const flags = {
      strategy,
      intensity: { restarts: 9, withinMs: 30 },
      autoShutdown: 'never',
      maxChildren: Infinity,
    } as const
    const children = policies.map(([restart, backoff], index) => policyOf(`child${index}`, restart, backoff))
    const told = new Told(initialState(flags, strategy === 'simple' ? [] : children))
    told.tell({ type: 'start', call: 0, at: 0 })
    for (const happening of happenings) told.tell(exactly(told.state, happening))
    told.tell({ type: ending, reason: 'enough', at: told.state.now })
    told.finish()
  })
  fc.assert(property, { numRuns: 2000 })
  t.pass('2,000 sequences')
  t.end()
})
