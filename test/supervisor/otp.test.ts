import t from 'tap'
import type { ActorHandle, Exit, HostKind } from '../../src/actors/contract.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { actorChild } from '../../src/supervisor/tree/actor-child.ts'
import type { Restart } from '../../src/supervisor/tree/child-spec.ts'
import type { Strategy } from '../../src/supervisor/tree/flags.ts'
import type { SupervisorEvent } from '../../src/supervisor/tree/results.ts'
import { startUnder, Supervisor } from '../../src/supervisor/tree/supervisor.ts'
import type { DiesAsTold } from '../fixtures/actors/dies-as-told.ts'

// OTP's rules on real actors in every host; the cases on an owned clock are in tree.test.ts, the model in tree-model.test.ts
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
