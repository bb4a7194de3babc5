import t from 'tap'
import type { ActorHandle, Exit } from '../../src/actors/contract.ts'
import { DeadLetters } from '../../src/actors/dead-letters.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { actorChild, type ActorChildSpec } from '../../src/supervisor/tree/actor-child.ts'
import { backoffMs } from '../../src/supervisor/tree/backoff.ts'
import { checkChildSpec, type Child, type ChildSpec } from '../../src/supervisor/tree/child-spec.ts'
import type { Down } from '../../src/supervisor/tree/results.ts'
import { startUnder, Supervisor, type SupervisorOptions } from '../../src/supervisor/tree/supervisor.ts'
import type { Hears } from '../fixtures/actors/hears.ts'
import { ManualClock } from '../manual-clock.ts'
import { crash, killed, normal, settled, shutdown, Stage } from './stage.ts'

/** An `ActorHandle` is a `Child` as it stands; the type checker is the test. */
export const asChild = (handle: ActorHandle<object>): Child => handle

interface Opened {
  readonly stage: Stage
  readonly supervisor: Supervisor
}

/** A started supervisor with children a, b and c, all of one restart type. */
async function open(
  options: Partial<SupervisorOptions> = {},
  fields: Partial<ChildSpec> | ((id: string) => Partial<ChildSpec>) = {},
): Promise<Opened> {
  const stage = new Stage()
  const of = typeof fields === 'function' ? fields : () => fields
  const children = options.strategy === 'simple' ? [] : ['a', 'b', 'c'].map((id) => stage.spec(id, of(id)))
  const supervisor = stage.supervisor({ children, ...options })
  await supervisor.start()
  stage.taken()
  return { stage, supervisor }
}

const statuses = (supervisor: Supervisor): string[] =>
  supervisor.whichChildren().map(({ id, status }) => `${id} ${status}`)

const ended = async (supervisor: Supervisor): Promise<Exit | 'alive'> =>
  Promise.race([supervisor.closed, settled().then(() => 'alive' as const)])

const escalation = { how: 'shutdown', reason: 'reached maximum restart intensity' }

void t.test('start', async (t) => {
  await t.test('children start in order, one after the other', async (t) => {
    const stage = new Stage()
    const release = stage.hold('a')
    const supervisor = stage.supervisor({ children: [stage.spec('a'), stage.spec('b')] })
    const starting = supervisor.start()
    await settled()
    t.same(stage.taken(), ['start a'], 'b waits for a')
    await release()
    t.same(await starting, { ok: true })
    t.same(stage.taken(), ['start b'])
  })

  await t.test('a failing start stops what was started in reverse order, and the supervisor ends', async (t) => {
    const stage = new Stage()
    stage.failures.set('c', 1)
    const supervisor = stage.supervisor({ children: ['a', 'b', 'c', 'd'].map((id) => stage.spec(id)) })
    t.match(await supervisor.start(), {
      ok: false,
      reason: 'start-failed',
      id: 'c',
      message: 'no c today',
      cause: Error,
    })
    t.same(stage.taken(), ['start a', 'start b', 'start c', 'stop b', 'stop a'])
    t.match(await supervisor.closed, { how: 'shutdown', reason: 'failed to start child c: no c today' })
    t.equal(stage.playing.size, 0)
  })

  await t.test('a start function that throws at once is a failed start', async (t) => {
    const stage = new Stage()
    const start = (): Promise<Child> => {
      throw new Error('at once')
    }
    t.match(await stage.supervisor({ children: [{ id: 'a', start }] }).start(), {
      reason: 'start-failed',
      message: 'at once',
    })
  })

  await t.test('a child that ends while later ones start is handled when all have started', async (t) => {
    const stage = new Stage()
    const release = stage.hold('b')
    const supervisor = stage.supervisor({ children: [stage.spec('a'), stage.spec('b')] })
    const starting = supervisor.start()
    await settled()
    await stage.end('a', crash)
    t.same(statuses(supervisor), ['a exited', 'b starting'])
    t.same(stage.taken(), ['start a', 'start b'])
    await release()
    t.same(await starting, { ok: true })
    t.same(stage.taken(), ['start a'])
  })

  await t.test('a stop during the start stops what has started and what still starts', async (t) => {
    const stage = new Stage()
    const release = stage.hold('b')
    const supervisor = stage.supervisor({ children: ['a', 'b', 'c'].map((id) => stage.spec(id)) })
    const starting = supervisor.start()
    await settled()
    const stopping = supervisor.stop('enough', Infinity)
    t.equal(await ended(supervisor), 'alive', 'waits for b')
    await release()
    t.same(await stopping, { how: 'shutdown', reason: 'enough' })
    t.same(await starting, { ok: false, reason: 'noproc' })
    t.same(stage.taken(), ['start a', 'start b', 'stop b', 'stop a'])
  })

  await t.test('a second start is refused', async (t) => {
    const { supervisor } = await open()
    t.same(await supervisor.start(), { ok: false, reason: 'already-started' })
  })

  await t.test('two children of one id, bad flags and a static child of simple are refused', async (t) => {
    const stage = new Stage()
    const children = [stage.spec('a'), stage.spec('a')]
    t.match(await stage.supervisor({ children }).start(), { reason: 'bad-spec', message: /two children/ })
    t.match(await stage.supervisor({ intensity: { restarts: -1, withinMs: 1 } }).start(), { reason: 'bad-spec' })
    t.match(await stage.supervisor({ intensity: { restarts: 1, withinMs: 0 } }).start(), { reason: 'bad-spec' })
    t.match(await stage.supervisor({ maxChildren: 1 }).start(), { reason: 'bad-spec', message: /simple/ })
    const simple = stage.supervisor({ strategy: 'simple', children: [stage.spec('a')] })
    t.match(await simple.start(), { reason: 'bad-spec', message: /dynamic/ })
    t.match(await simple.closed, { how: 'shutdown' })
    t.same(stage.log, [])
  })

  await t.test('what a child spec leaves out is as in OTP', async (t) => {
    const start = async (): Promise<Child> => new Promise<Child>(() => undefined)
    const policy = { id: 'a', restart: 'permanent', significant: false, kind: 'worker', shutdown: 5000, backoff: null }
    t.same(checkChildSpec({ id: 'a', start }, 'never'), { ok: true, policy })
    t.match(checkChildSpec({ id: 'a', start, kind: 'supervisor' }, 'never'), { policy: { shutdown: 'infinity' } })
  })

  await t.test('a child spec that contradicts itself is refused', async (t) => {
    const { spec } = new Stage()
    const backoff = { firstMs: 10, maxMs: 100, factor: 2, jitter: 0 }
    const bad: readonly [Partial<ChildSpec>, RegExp][] = [
      [{ id: '' }, /empty/],
      [{ shutdown: -1 }, /shutdown/],
      [{ shutdown: NaN }, /shutdown/],
      [{ significant: true }, /permanent/],
      [{ backoff: { ...backoff, firstMs: 0 } }, /firstMs/],
      [{ backoff: { ...backoff, maxMs: 5 } }, /maxMs/],
      [{ backoff: { ...backoff, factor: 0.5 } }, /factor/],
      [{ backoff: { ...backoff, jitter: 2 } }, /jitter/],
    ]
    for (const [fields, message] of bad) {
      t.match(checkChildSpec(spec('a', fields), 'any-significant'), { ok: false, message })
    }
    t.match(checkChildSpec(spec('a', { significant: true, restart: 'transient' }), 'never'), {
      ok: false,
      message: /never/,
    })
  })
})

void t.test('restart types', async (t) => {
  const ends: readonly Exit[] = [normal, shutdown, killed, crash]
  const restarted = { permanent: ends, transient: [killed, crash], temporary: [] } as const
  for (const restart of ['permanent', 'transient', 'temporary'] as const) {
    for (const exit of ends) {
      const again = (restarted[restart] as readonly Exit[]).includes(exit)
      await t.test(
        `a ${restart} child that ends ${exit.how} is ${again ? 'restarted' : 'not restarted'}`,
        async (t) => {
          const { stage, supervisor } = await open({}, { restart })
          await stage.end('b', exit)
          t.same(stage.taken(), again ? ['start b'] : [])
          const rest = again ? ['b running'] : restart === 'temporary' ? [] : ['b stopped']
          t.same(statuses(supervisor), ['a running', ...rest, 'c running'])
        },
      )
    }
  }
})

void t.test('strategies', async (t) => {
  await t.test('one-for-one restarts the child alone', async (t) => {
    const { stage } = await open()
    await stage.end('a', crash)
    t.same(stage.taken(), ['start a'])
  })

  await t.test('one-for-all stops the others in reverse order and starts all in order', async (t) => {
    const { stage } = await open({ strategy: 'one-for-all' })
    await stage.end('b', crash)
    t.same(stage.taken(), ['stop c', 'stop a', 'start a', 'start b', 'start c'])
  })

  await t.test('rest-for-one stops and starts those that were started after it', async (t) => {
    const { stage } = await open({ strategy: 'rest-for-one' })
    await stage.end('b', crash)
    t.same(stage.taken(), ['stop c', 'start b', 'start c'])
  })

  await t.test('the last of a rest-for-one is restarted alone', async (t) => {
    const { stage } = await open({ strategy: 'rest-for-one' })
    await stage.end('c', crash)
    t.same(stage.taken(), ['start c'])
  })

  await t.test('a group restart forgets temporary children', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'one-for-all' }, (id) => ({
      restart: id === 'c' ? 'temporary' : 'permanent',
    }))
    await stage.end('a', crash)
    t.same(stage.taken(), ['stop c', 'stop b', 'start a', 'start b'])
    t.same(statuses(supervisor), ['a running', 'b running'])
  })

  await t.test('a group restart starts also those that were stopped, as in OTP', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'one-for-all' }, { restart: 'transient' })
    await stage.end('c', normal)
    await supervisor.terminateChild('b')
    stage.taken()
    await stage.end('a', crash)
    t.same(stage.taken(), ['start a', 'start b', 'start c'])
  })

  await t.test('two children of a group that end together are one restart', async (t) => {
    const { stage } = await open({ strategy: 'one-for-all', intensity: { restarts: 1, withinMs: 1000 } })
    stage.player('a').end(crash)
    stage.player('b').end(crash)
    await settled()
    t.same(stage.taken(), ['stop c', 'start a', 'start b', 'start c'])
  })

  await t.test('a child of the group that ends during the group restart is handled after it', async (t) => {
    const { stage } = await open({ strategy: 'one-for-all' })
    const release = stage.hold('c')
    await stage.end('b', crash)
    t.same(stage.taken(), ['stop c', 'stop a', 'start a', 'start b', 'start c'])
    await stage.end('a', crash)
    t.same(stage.taken(), [], 'c is still starting')
    await release()
    t.same(stage.taken(), ['stop c', 'stop b', 'start a', 'start b', 'start c'])
  })

  await t.test('calls wait for a group restart', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'rest-for-one' })
    const release = stage.hold('b')
    await stage.end('b', crash)
    const terminating = supervisor.terminateChild('c')
    const deleting = supervisor.deleteChild('a')
    await release()
    t.same(await terminating, { ok: true })
    t.same(await deleting, { ok: false, reason: 'running' })
    t.same(stage.taken(), ['stop c', 'start b', 'start c', 'stop c'])
  })

  await t.test('independent children do not wait for each other', async (t) => {
    const { stage } = await open()
    const release = stage.hold('a')
    await stage.end('a', crash)
    await stage.end('b', crash)
    t.same(stage.taken(), ['start a', 'start b'])
    t.ok(stage.playing.has('b'))
    await release()
    t.ok(stage.playing.has('a'))
  })
})

void t.test('intensity', async (t) => {
  const intensity = { restarts: 2, withinMs: 1000 }

  await t.test('as many restarts as allowed are made, one more ends the supervisor', async (t) => {
    const { stage, supervisor } = await open({ intensity })
    await stage.end('a', crash)
    await stage.end('b', crash)
    t.equal(await ended(supervisor), 'alive')
    stage.taken()
    await stage.end('a', crash)
    t.same(stage.taken(), ['stop c', 'stop b'], 'in reverse order, a is not started')
    t.same(await supervisor.closed, escalation)
    const told = stage.events.filter(({ type }) => type === 'escalated')
    t.same(told, [{ type: 'escalated', id: 'a', restarts: 2, withinMs: 1000 }])
  })

  await t.test('with no restarts allowed the first crash ends it', async (t) => {
    const { stage, supervisor } = await open({ intensity: { restarts: 0, withinMs: 1000 } })
    await stage.end('b', crash)
    t.same(await supervisor.closed, escalation)
    t.same(stage.taken(), ['stop c', 'stop a'])
  })

  await t.test('restarts older than the window do not count', async (t) => {
    const { stage, supervisor } = await open({ intensity })
    for (let restart = 0; restart < 6; restart++) {
      await stage.end('a', crash)
      stage.clock.advance(501)
    }
    t.equal(await ended(supervisor), 'alive')
  })

  await t.test('a restart exactly as old as the window still counts, as in OTP', async (t) => {
    const { stage, supervisor } = await open({ intensity })
    await stage.end('a', crash)
    await stage.end('a', crash)
    stage.clock.advance(1000)
    await stage.end('a', crash)
    t.same(await supervisor.closed, escalation)
  })

  await t.test('OTP allows one restart within five seconds where nothing is said', async (t) => {
    const stage = new Stage()
    const { intensity: _, ...options } = stage.options({ children: [stage.spec('a')] })
    const supervisor = new Supervisor(options)
    await supervisor.start()
    await stage.end('a', crash)
    stage.clock.advance(5001)
    await stage.end('a', crash)
    t.equal(await ended(supervisor), 'alive')
    stage.clock.advance(4000)
    await stage.end('a', crash)
    t.same(await supervisor.closed, escalation)
  })

  await t.test('a restart that fails to start is tried again and counted again', async (t) => {
    const { stage, supervisor } = await open({ intensity: { restarts: 3, withinMs: 1000 } })
    stage.failures.set('a', 2)
    await stage.end('a', crash)
    t.same(stage.taken(), ['start a', 'start a', 'start a'])
    t.same(statuses(supervisor), ['a running', 'b running', 'c running'])
    stage.failures.set('a', 1)
    await stage.end('a', crash)
    t.same(await supervisor.closed, escalation)
  })

  await t.test('a start that goes on failing ends the supervisor', async (t) => {
    const { stage, supervisor } = await open({ intensity })
    stage.failures.set('b', 9)
    await stage.end('b', crash)
    t.same(await supervisor.closed, escalation)
    t.same(stage.taken(), ['start b', 'start b', 'stop c', 'stop a'])
  })

  await t.test('a start that fails in a rest-for-one restart is tried again from that child on', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'rest-for-one' })
    stage.failures.set('b', 1)
    await stage.end('a', crash)
    t.same(stage.taken(), ['stop c', 'stop b', 'start a', 'start b', 'start b', 'start c'])
    t.same(statuses(supervisor), ['a running', 'b running', 'c running'])
  })

  await t.test('a start that fails in a one-for-all restart starts all over again', async (t) => {
    const { stage } = await open({ strategy: 'one-for-all' })
    stage.failures.set('b', 1)
    await stage.end('c', crash)
    t.same(stage.taken(), ['stop b', 'stop a', 'start a', 'start b', 'stop a', 'start a', 'start b', 'start c'])
  })

  await t.test('ends of temporary children and normal ends of transient ones do not count', async (t) => {
    const { stage, supervisor } = await open({ intensity: { restarts: 0, withinMs: 1000 } }, (id) => ({
      restart: id === 'a' ? 'temporary' : 'transient',
    }))
    await stage.end('a', crash)
    await stage.end('b', normal)
    t.equal(await ended(supervisor), 'alive')
    t.same(statuses(supervisor), ['b stopped', 'c running'])
  })
})

void t.test('shutdown', async (t) => {
  await t.test('children stop in reverse start order, one after the other', async (t) => {
    const { stage, supervisor } = await open()
    stage.stubborn.add('c')
    const stopping = supervisor.stop('enough', Infinity)
    await settled()
    t.same(stage.taken(), ['stop c'], 'b waits for c')
    await stage.end('c', normal)
    t.same(stage.taken(), ['stop b', 'stop a'])
    t.same(await stopping, { how: 'shutdown', reason: 'enough' })
  })

  await t.test('each child has its own time: milliseconds, none or for ever', async (t) => {
    const own = { a: 700, b: 'brutal', c: 'infinity' } as const
    const { stage, supervisor } = await open({}, (id) => ({ shutdown: own[id as 'a' | 'b' | 'c'] }))
    await supervisor.stop('enough', Infinity)
    t.same(stage.graces, [Infinity, 0, 700])
  })

  await t.test('a child that ends during the shutdown is not started again, nor stopped', async (t) => {
    const { stage, supervisor } = await open()
    stage.stubborn.add('c')
    const stopping = supervisor.stop('enough', Infinity)
    await stage.end('a', crash)
    await stage.end('c', crash)
    t.same(stage.taken(), ['stop c', 'stop b'])
    t.same(await stopping, { how: 'shutdown', reason: 'enough' })
  })

  await t.test('past its own grace everything left is taken away at once', async (t) => {
    const { stage, supervisor } = await open({}, { shutdown: 'infinity' })
    for (const id of ['a', 'b', 'c']) stage.stubborn.add(id)
    const stopping = supervisor.stop('enough', 2000)
    stage.clock.advance(1999)
    t.equal(await ended(supervisor), 'alive')
    stage.clock.advance(1)
    t.same(await stopping, { how: 'killed', reason: 'enough' })
    t.same(stage.taken(), ['stop c', 'stop c', 'stop b', 'stop a'])
    t.equal(stage.clock.waiting, 0)
  })

  await t.test('with no grace at all nothing is waited for, not even a start', async (t) => {
    const { stage, supervisor } = await open()
    const release = stage.hold('b')
    await stage.end('b', crash)
    stage.taken()
    t.same(await supervisor.stop('now', 0), { how: 'killed', reason: 'now' })
    t.same(stage.taken(), ['stop c', 'stop a'])
    await release()
    t.same(stage.taken(), ['stop b'], 'what appears too late is killed')
    t.equal(stage.playing.size, 0)
  })

  await t.test('the first reason wins, and a timer of its grace does not outlive it', async (t) => {
    const { stage, supervisor } = await open()
    const first = supervisor.stop('first', 5000)
    t.same(await supervisor.stop('second', 5000), { how: 'shutdown', reason: 'first' })
    t.same(await first, { how: 'shutdown', reason: 'first' })
    t.equal(stage.clock.waiting, 0)
  })

  await t.test('calls to a supervisor that has stopped, or was never started, find no one', async (t) => {
    const { stage, supervisor } = await open()
    const release = stage.hold('d')
    const starting = supervisor.startChild(stage.spec('d'))
    await settled()
    const stopping = supervisor.stop('enough', Infinity)
    t.same(await starting, { ok: false, reason: 'noproc' }, 'what was under way is refused')
    await release()
    await stopping
    const noproc = { ok: false, reason: 'noproc' }
    t.same(await supervisor.startChild(stage.spec('e')), noproc)
    t.same(await supervisor.terminateChild('a'), noproc)
    t.same(await supervisor.restartChild('a'), noproc)
    t.same(await supervisor.deleteChild('a'), noproc)
    t.same(await stage.supervisor().terminateChild('a'), noproc)
    t.same(supervisor.whichChildren(), [])
    t.equal(stage.playing.size, 0)
  })

  await t.test('a supervisor that was never started stops at once', async (t) => {
    t.same(await new Stage().supervisor().stop('enough', 100), { how: 'shutdown', reason: 'enough' })
  })
})

void t.test('significant children', async (t) => {
  const mixed = (id: string): Partial<ChildSpec> => ({ restart: 'transient', significant: id !== 'c' })

  await t.test('with any-significant the first normal end of one ends the supervisor', async (t) => {
    const { stage, supervisor } = await open({ autoShutdown: 'any-significant' }, mixed)
    await stage.end('c', normal)
    t.equal(await ended(supervisor), 'alive', 'c is not significant')
    await stage.end('a', normal)
    t.same(await supervisor.closed, { how: 'shutdown', reason: 'automatic shutdown' })
    t.same(stage.taken(), ['stop b'])
  })

  await t.test('with all-significant the last one ends the supervisor', async (t) => {
    const { stage, supervisor } = await open({ autoShutdown: 'all-significant' }, mixed)
    await stage.end('b', normal)
    t.equal(await ended(supervisor), 'alive')
    await stage.end('a', shutdown)
    t.match(await supervisor.closed, { reason: 'automatic shutdown' })
    t.same(stage.taken(), ['stop c'])
  })

  await t.test('an abnormal end of a significant transient child restarts it', async (t) => {
    const { stage, supervisor } = await open({ autoShutdown: 'any-significant' }, mixed)
    await stage.end('a', crash)
    t.same(stage.taken(), ['start a'])
    t.equal(await ended(supervisor), 'alive')
  })

  await t.test('any end of a significant temporary child counts', async (t) => {
    const { stage, supervisor } = await open(
      { autoShutdown: 'any-significant' },
      { restart: 'temporary', significant: true },
    )
    await stage.end('b', crash)
    t.match(await supervisor.closed, { reason: 'automatic shutdown' })
  })

  await t.test('a significant child that the supervisor itself stops does not end it', async (t) => {
    const { supervisor } = await open({ autoShutdown: 'any-significant' }, mixed)
    await supervisor.terminateChild('a')
    await supervisor.terminateChild('b')
    t.equal(await ended(supervisor), 'alive')
  })

  await t.test('a significant child that waits to be restarted has not ended', async (t) => {
    const backoff = { firstMs: 100, maxMs: 100, factor: 1, jitter: 0 }
    const { stage, supervisor } = await open({ autoShutdown: 'all-significant' }, (id) => ({ ...mixed(id), backoff }))
    await stage.end('a', crash)
    await stage.end('b', normal)
    t.equal(await ended(supervisor), 'alive')
  })
})

void t.test('calls', async (t) => {
  await t.test('startChild adds a child at the end and gives it back', async (t) => {
    const { stage, supervisor } = await open()
    const result = await supervisor.startChild(stage.spec('d'))
    t.ok(result.ok && result.child === stage.player('d'))
    t.same(statuses(supervisor), ['a running', 'b running', 'c running', 'd running'])
    await supervisor.stop('enough', Infinity)
    t.same(stage.taken(), ['start d', 'stop d', 'stop c', 'stop b', 'stop a'])
  })

  await t.test('startChild of a known id is refused: already-started when it runs, else already-present', async (t) => {
    const { stage, supervisor } = await open()
    const result = await supervisor.startChild(stage.spec('a'))
    t.match(result, { ok: false, reason: 'already-started' })
    t.ok('child' in result && result.child === stage.player('a'))
    await supervisor.terminateChild('b')
    t.same(await supervisor.startChild(stage.spec('b')), { ok: false, reason: 'already-present' })
  })

  await t.test('startChild that fails forgets the spec', async (t) => {
    const { stage, supervisor } = await open()
    stage.failures.set('d', 1)
    t.match(await supervisor.startChild(stage.spec('d')), {
      ok: false,
      reason: 'start-failed',
      id: 'd',
      message: 'no d today',
    })
    t.equal(supervisor.countChildren().specs, 3)
    t.match(await supervisor.startChild(stage.spec('d')), { ok: true })
  })

  await t.test('startChild with a bad spec is refused', async (t) => {
    const { stage, supervisor } = await open()
    t.match(await supervisor.startChild(stage.spec('d', { significant: true })), { ok: false, reason: 'bad-spec' })
  })

  await t.test('terminateChild keeps the spec, and the child is not restarted', async (t) => {
    const { stage, supervisor } = await open()
    t.same(await supervisor.terminateChild('b'), { ok: true })
    t.same(stage.taken(), ['stop b'])
    t.same(statuses(supervisor), ['a running', 'b stopped', 'c running'])
    t.same(await supervisor.terminateChild('b'), { ok: true }, 'again')
    t.same(await supervisor.terminateChild('x'), { ok: false, reason: 'not-found' })
  })

  await t.test('terminateChild forgets a temporary child', async (t) => {
    const { supervisor } = await open({}, { restart: 'temporary' })
    t.same(await supervisor.terminateChild('b'), { ok: true })
    t.same(statuses(supervisor), ['a running', 'c running'])
    t.same(await supervisor.restartChild('b'), { ok: false, reason: 'not-found' })
  })

  await t.test('terminateChild stops one child alone, whatever the strategy', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'one-for-all' })
    await supervisor.terminateChild('a')
    t.same(stage.taken(), ['stop a'])
  })

  await t.test('restartChild starts a stopped child, and no other', async (t) => {
    const { stage, supervisor } = await open()
    await supervisor.terminateChild('b')
    const result = await supervisor.restartChild('b')
    t.ok(result.ok && result.child === stage.player('b'))
    t.same(await supervisor.restartChild('b'), { ok: false, reason: 'running' })
    t.same(await supervisor.restartChild('x'), { ok: false, reason: 'not-found' })
  })

  await t.test('restartChild that fails leaves the child stopped and counts no restart', async (t) => {
    const { stage, supervisor } = await open({ intensity: { restarts: 0, withinMs: 1000 } })
    await supervisor.terminateChild('b')
    stage.failures.set('b', 1)
    t.match(await supervisor.restartChild('b'), { ok: false, reason: 'start-failed' })
    t.same(statuses(supervisor), ['a running', 'b stopped', 'c running'])
    t.equal(await ended(supervisor), 'alive')
  })

  await t.test('deleteChild forgets only what is stopped', async (t) => {
    const { supervisor } = await open()
    t.same(await supervisor.deleteChild('b'), { ok: false, reason: 'running' })
    await supervisor.terminateChild('b')
    t.same(await supervisor.deleteChild('b'), { ok: true })
    t.same(await supervisor.deleteChild('b'), { ok: false, reason: 'not-found' })
    t.same(statuses(supervisor), ['a running', 'c running'])
  })

  await t.test('calls for one child are handled in order', async (t) => {
    const { stage, supervisor } = await open()
    const results = [supervisor.terminateChild('b'), supervisor.restartChild('b'), supervisor.deleteChild('b')]
    t.match(await Promise.all(results), [{ ok: true }, { ok: true }, { ok: false, reason: 'running' }])
    t.same(stage.taken(), ['stop b', 'start b'])
  })

  await t.test('countChildren counts specs, those that run, and kinds', async (t) => {
    const { supervisor } = await open({}, (id) => ({ kind: id === 'a' ? 'supervisor' : 'worker' }))
    await supervisor.terminateChild('b')
    t.same(supervisor.countChildren(), { specs: 3, active: 2, supervisors: 1, workers: 2 })
  })

  await t.test('whichChildren gives id, status, kind and the living child', async (t) => {
    const { stage, supervisor } = await open()
    await supervisor.terminateChild('b')
    const [a, b] = supervisor.whichChildren()
    t.match(a, { id: 'a', status: 'running', kind: 'worker' })
    t.equal(a?.child, stage.player('a'))
    t.same(b, { id: 'b', status: 'stopped', kind: 'worker', child: null })
  })
})

void t.test('dynamic children', async (t) => {
  await t.test(
    'a supervisor of dynamic children starts with none and forgets them when they end for good',
    async (t) => {
      const { stage, supervisor } = await open({ strategy: 'simple' })
      for (const id of ['a', 'b', 'c']) await supervisor.startChild(stage.spec(id, { restart: 'transient' }))
      await stage.end('a', normal)
      await supervisor.terminateChild('b')
      await stage.end('c', crash)
      t.same(statuses(supervisor), ['c running'])
      t.same(await supervisor.restartChild('b'), { ok: false, reason: 'not-found' })
    },
  )

  await t.test('no more than maxChildren may be there, those that start or wait included', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'simple', maxChildren: 2 })
    const release = stage.hold('a')
    const first = supervisor.startChild(stage.spec('a', { restart: 'temporary' }))
    await supervisor.startChild(stage.spec('b', { restart: 'temporary' }))
    t.same(await supervisor.startChild(stage.spec('c')), { ok: false, reason: 'max-children' })
    await release()
    t.match(await first, { ok: true })
    await stage.end('a', normal)
    t.match(await supervisor.startChild(stage.spec('c')), { ok: true })
  })

  await t.test('they start side by side, and all stop at once, as in OTP', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'simple' })
    const release = stage.hold('a')
    const first = supervisor.startChild(stage.spec('a'))
    t.match(await supervisor.startChild(stage.spec('b')), { ok: true })
    await release()
    await first
    for (const id of ['a', 'b']) stage.stubborn.add(id)
    stage.taken()
    const stopping = supervisor.stop('enough', Infinity)
    t.same(stage.taken(), ['stop a', 'stop b'])
    await stage.end('a', normal)
    t.equal(await ended(supervisor), 'alive')
    await stage.end('b', normal)
    t.match(await stopping, { how: 'shutdown' })
  })
})

void t.test('back-off', async (t) => {
  const backoff = { firstMs: 100, maxMs: 400, factor: 2, jitter: 0 }

  await t.test('waits grow to the longest, and a child that ran that long begins anew', async (t) => {
    const { stage, supervisor } = await open({}, { backoff })
    const waits: number[] = []
    const wait = async (): Promise<void> => {
      await stage.end('a', crash)
      t.same(statuses(supervisor)[0], 'a restarting')
      const event = stage.events.findLast(({ type }) => type === 'child-waiting')
      const delayMs = event?.type === 'child-waiting' ? event.delayMs : NaN
      waits.push(delayMs)
      stage.clock.advance(delayMs - 1)
      await settled()
      t.same(stage.taken(), [], 'not yet')
      stage.clock.advance(1)
      await settled()
      t.same(stage.taken(), ['start a'])
    }
    for (let restart = 0; restart < 4; restart++) await wait()
    stage.clock.advance(400)
    await wait()
    t.same(waits, [100, 200, 400, 400, 100])
  })

  await t.test('chance takes up to its share off a wait', (t) => {
    t.equal(backoffMs({ ...backoff, jitter: 0.5 }, 1, 0), 100)
    t.equal(backoffMs({ ...backoff, jitter: 0.5 }, 1, 0.5), 75)
    t.equal(backoffMs({ ...backoff, jitter: 1 }, 9, 0.25), 300)
    t.equal(backoffMs(backoff, 1e6, 0), 400)
    t.end()
  })

  await t.test('terminateChild calls the wait off', async (t) => {
    const { stage, supervisor } = await open({}, { backoff })
    await stage.end('a', crash)
    t.same(await supervisor.restartChild('a'), { ok: false, reason: 'restarting' })
    t.same(await supervisor.deleteChild('a'), { ok: false, reason: 'restarting' })
    t.same(await supervisor.startChild(stage.spec('a')), { ok: false, reason: 'already-present' })
    t.same(await supervisor.terminateChild('a'), { ok: true })
    t.equal(stage.clock.waiting, 0)
    stage.clock.advance(1000)
    await settled()
    t.same(stage.taken(), [])
    t.same(statuses(supervisor)[0], 'a stopped')
  })

  await t.test('a child that is restarted by hand begins anew', async (t) => {
    const { stage, supervisor } = await open({}, { backoff })
    await stage.end('a', crash)
    await supervisor.terminateChild('a')
    await supervisor.restartChild('a')
    await stage.end('a', crash)
    const waits = stage.events.flatMap((event) => (event.type === 'child-waiting' ? [event.delayMs] : []))
    t.same(waits, [100, 100])
  })

  await t.test('a stop calls the wait off', async (t) => {
    const { stage, supervisor } = await open({}, { backoff })
    await stage.end('a', crash)
    await supervisor.stop('enough', Infinity)
    t.equal(stage.clock.waiting, 0)
    t.same(stage.taken(), ['stop c', 'stop b'])
  })

  await t.test('the others of a group stop at once and start when the wait is over', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'rest-for-one' }, { backoff })
    await stage.end('b', crash)
    t.same(stage.taken(), ['stop c'])
    t.same(statuses(supervisor), ['a running', 'b restarting', 'c stopped'])
    stage.clock.advance(100)
    await settled()
    t.same(stage.taken(), ['start b', 'start c'])
  })

  await t.test('a group restart from further up takes over from a wait', async (t) => {
    const { stage, supervisor } = await open({ strategy: 'rest-for-one' }, (id) => (id === 'a' ? {} : { backoff }))
    await stage.end('c', crash)
    await stage.end('a', crash)
    t.same(stage.taken(), ['stop b', 'start a', 'start b', 'start c'])
    t.same(statuses(supervisor), ['a running', 'b running', 'c running'])
    t.equal(stage.clock.waiting, 0)
  })

  await t.test('a start that fails after a wait waits again, longer, and counts again', async (t) => {
    const { stage, supervisor } = await open({ intensity: { restarts: 2, withinMs: 10_000 } }, { backoff })
    stage.failures.set('a', 2)
    await stage.end('a', crash)
    stage.clock.advance(100)
    await settled()
    t.same(stage.taken(), ['start a'])
    stage.clock.advance(199)
    await settled()
    t.same(stage.taken(), [])
    stage.clock.advance(1)
    await settled()
    t.same(await supervisor.closed, escalation)
  })
})

void t.test('supervisors under supervisors', async (t) => {
  async function nested(restart: 'permanent' | 'transient'): Promise<Opened & { readonly inner: Stage }> {
    const stage = new Stage()
    const inner = new Stage()
    const options = inner.options({
      intensity: { restarts: 0, withinMs: 1000 },
      children: [inner.spec('x'), inner.spec('y')],
    })
    const under: ChildSpec = { id: 'under', kind: 'supervisor', restart, start: startUnder(options) }
    const supervisor = stage.supervisor({ children: [stage.spec('a'), under, stage.spec('c')] })
    await supervisor.start()
    inner.taken()
    stage.taken()
    return { stage, supervisor, inner }
  }

  await t.test('one that gives up is restarted, anew, by its parent when it is permanent', async (t) => {
    const { inner, supervisor } = await nested('permanent')
    await inner.end('x', crash)
    t.same(inner.taken(), ['stop y', 'start x', 'start y'])
    t.same(statuses(supervisor), ['a running', 'under running', 'c running'])
  })

  await t.test('one that gives up has ended normally when it is transient, as in OTP', async (t) => {
    const { inner, supervisor } = await nested('transient')
    await inner.end('x', crash)
    t.same(inner.taken(), ['stop y'])
    t.same(statuses(supervisor), ['a running', 'under stopped', 'c running'])
  })

  await t.test('the whole tree stops in reverse order', async (t) => {
    const { inner, stage, supervisor } = await nested('permanent')
    inner.stubborn.add('y')
    const stopping = supervisor.stop('enough', Infinity)
    await settled()
    t.same([...stage.taken(), ...inner.taken()], ['stop c', 'stop y'])
    await inner.end('y', normal)
    t.same(await stopping, { how: 'shutdown', reason: 'enough' })
    t.same([...inner.taken(), ...stage.taken()], ['stop x', 'stop a'])
  })

  await t.test('one that cannot start is a failed start of its parent', async (t) => {
    const stage = new Stage()
    stage.failures.set('x', 1)
    const start = startUnder(stage.options({ children: [stage.spec('x')] }))
    const result = await stage.supervisor({ children: [{ id: 'under', start }] }).start()
    t.match(result, {
      ok: false,
      reason: 'start-failed',
      id: 'under',
      message: 'no x today',
      cause: { code: 'START_FAILED' },
    })
  })
})

void t.test('monitors', async (t) => {
  await t.test('a monitor is told once how the child ended', async (t) => {
    const { stage, supervisor } = await open()
    const downs: Down[] = []
    supervisor.monitor('a', (down) => downs.push(down))
    await stage.end('a', crash)
    await stage.end('a', crash)
    t.same(downs, [{ id: 'a', exit: crash }])
  })

  await t.test('a monitor of a child that is not there, or not running, is told noproc', async (t) => {
    const { supervisor } = await open()
    await supervisor.terminateChild('a')
    const downs: Down[] = []
    for (const id of ['a', 'x']) supervisor.monitor(id, (down) => downs.push(down))
    supervisor.monitor('x', () => t.fail('was called off'))()
    t.same(downs, [], 'not before monitor has returned')
    await settled()
    t.same(downs, [
      { id: 'a', exit: { how: 'noproc' } },
      { id: 'x', exit: { how: 'noproc' } },
    ])
  })

  await t.test('a monitor can be called off', async (t) => {
    const { stage, supervisor } = await open()
    supervisor.monitor('a', () => t.fail('was called off'))()
    await stage.end('a', crash)
  })
})

void t.test('names', async (t) => {
  const deadLetters = new DeadLetters({ keep: 10 })
  const hosts = openHosts({ deadLetters, thread: { maxThreads: 2 } })
  const hears = (id: string): ActorChildSpec => ({
    id,
    module: import.meta.resolve('../fixtures/actors/hears.ts'),
  })
  t.teardown(() => hosts[Symbol.asyncDispose]())

  for (const kind of ['async', 'thread', 'process'] as const) {
    await t.test(`a name in the ${kind} host survives a restart`, async (t) => {
      const restarted = Promise.withResolvers<void>()
      const supervisor = new Supervisor({
        strategy: 'one-for-one',
        deadLetters,
        children: [actorChild(hosts.get(kind), hears('hears'))],
        onEvent: ({ type }) => {
          if (type === 'child-restarting') restarted.resolve()
        },
      })
      t.same(await supervisor.start(), { ok: true }, 'with the clock and the chance of the machine')
      const actor = supervisor.actor<Hears>('hears')
      actor.cast('note', 'first life')
      t.same(await actor.ask('noted', []), ['first life'])
      const [child] = supervisor.whichChildren()
      await child?.child?.stop('to see it come back', 0)
      await restarted.promise
      const missed = await actor.ask('noted', []).catch((error: unknown) => error)
      t.match(missed, { code: 'ACTOR_UNKNOWN', message: 'no actor hears runs' }, 'as noproc while it restarts')
      await supervisor.terminateChild('hears')
      await supervisor.restartChild('hears')
      actor.cast('note', 'another life')
      t.same(await actor.ask('noted', [], { withinMs: 60_000 }), ['another life'])
      await supervisor.stop('enough')
    })
  }

  await t.test('a message to no actor is a dead letter', async (t) => {
    const { stage, supervisor } = await open({ children: [] })
    const ended = supervisor.actor<Hears>('x')
    await t.rejects(ended.ask('noted', []), { name: 'TroupeError', code: 'ACTOR_UNKNOWN' })
    ended.cast('letGo')
    t.match(await supervisor.startChild(stage.spec('a')), { ok: true })
    supervisor.actor<Hears>('a').cast('letGo')
    supervisor.actor<Hears>(['a', 'b']).cast('letGo')
    supervisor.actor<Hears>([]).cast('letGo')
    t.equal(supervisor.deadLetters.counts['no-such-actor'], 5)
    t.match(supervisor.deadLetters.latest, [
      { reason: 'no-such-actor', actor: 'x', kind: 'ask', method: 'noted', detail: null, at: 0 },
      { actor: 'x', kind: 'cast', method: 'letGo', detail: null },
      { actor: 'a', detail: 'it is not an actor' },
      { actor: 'a/b', detail: null },
      { actor: '', detail: null },
    ])
  })

  await t.test('a name may lead through supervisors under supervisors', async (t) => {
    const inner = startUnder({ strategy: 'one-for-one', children: [actorChild(hosts.get('async'), hears('deep'))] })
    const supervisor = new Supervisor({
      strategy: 'one-for-one',
      children: [{ id: 'inner', start: inner, kind: 'supervisor' }],
    })
    await supervisor.start()
    const deep = supervisor.actor<Hears>(['inner', 'deep'])
    deep.cast('note', 1)
    t.same(await deep.ask('noted', []), [1])
    await t.rejects(supervisor.actor<Hears>(['inner', 'none']).ask('noted', []), { code: 'ACTOR_UNKNOWN' })
    await supervisor.stop('enough')
  })

  await t.test('an actor is told of the end of another', async (t) => {
    const watcher = hears('watcher')
    const children = [watcher, hears('watched')].map((spec) => actorChild(hosts.get('async'), spec))
    const supervisor = new Supervisor({ strategy: 'one-for-one', children })
    await supervisor.start()
    const told = Promise.withResolvers<void>()
    supervisor.monitor('watched', (down) => {
      supervisor.actor<Hears>('watcher').cast('note', down)
      told.resolve()
    })
    await supervisor.whichChildren()[1]?.child?.stop('for a reason', 0)
    await told.promise
    t.match(await supervisor.actor<Hears>('watcher').ask('noted', []), [
      { id: 'watched', exit: { how: 'killed', reason: /^for a reason/ } },
    ])
    await supervisor.stop('enough')
  })

  await t.test('the office keeps the latest letters only, counts all and tells subscribers', (t) => {
    const clock = new ManualClock(7)
    const office = new DeadLetters({ keep: 2, clock })
    const heard: string[] = []
    office.subscribe(() => {
      throw new Error('a bad listener')
    })
    const callOff = office.subscribe(({ actor }) => heard.push(actor))
    const letter = { kind: 'cast', method: 'note', detail: null } as const
    for (const actor of ['a', 'b', 'c']) office.add({ reason: 'actor-gone', actor, ...letter })
    callOff()
    office.add({ reason: 'late-answer', actor: 'd', ...letter })
    t.same(heard, ['a', 'b', 'c'])
    t.same(
      office.latest.map(({ actor, at }) => [actor, at]),
      [
        ['c', 7],
        ['d', 7],
      ],
    )
    t.equal(office.total, 4)
    t.match(office.counts, { 'actor-gone': 3, 'late-answer': 1, 'late-event': 0 })
    const counter = new DeadLetters({ keep: 0 })
    counter.add({ reason: 'actor-gone', actor: 'a', ...letter })
    t.same([counter.total, counter.latest], [1, []])
    t.end()
  })
})

void t.test('trouble', async (t) => {
  await t.test('callbacks that throw do not reach the tree', async (t) => {
    const stage = new Stage()
    const onEvent = (): never => {
      throw new Error('a bad logger')
    }
    const supervisor = stage.supervisor({ onEvent, children: [stage.spec('a')] })
    t.same(await supervisor.start(), { ok: true })
    supervisor.monitor('a', () => {
      throw new Error('a bad monitor')
    })
    await stage.end('a', crash)
    t.same(statuses(supervisor), ['a running'])
  })

  await t.test('a callback may call back', async (t) => {
    const stage = new Stage()
    const supervisor: Supervisor = stage.supervisor({
      children: [stage.spec('a'), stage.spec('b')],
      onEvent: (event) => void (event.type === 'child-exited' && supervisor.stop('a child ended', 1000)),
    })
    await supervisor.start()
    await stage.end('a', crash)
    t.same(await supervisor.closed, { how: 'shutdown', reason: 'a child ended' })
    t.equal(stage.playing.size, 0)
    t.equal(stage.clock.waiting, 0)
  })

  await t.test('a child whose end rejects has crashed; one whose stop rejects is still waited for', async (t) => {
    const stage = new Stage()
    const ending = Promise.withResolvers<Exit>()
    const stop = (): Promise<Exit> => Promise.reject(new Error('cannot stop'))
    const supervisor = stage.supervisor({
      children: [
        {
          id: 'odd',
          restart: 'temporary',
          start: async () => ({ closed: Promise.reject(new Error('odd end')), stop }),
        },
        { id: 'stuck', start: async () => ({ closed: ending.promise, stop }) },
      ],
    })
    await supervisor.start()
    await settled()
    const end = stage.events.find((event) => event.type === 'child-exited')
    t.match(end, { id: 'odd', exit: { how: 'crashed', message: 'odd end' } })
    const stopping = supervisor.stop('enough', Infinity)
    t.equal(await ended(supervisor), 'alive')
    ending.resolve(normal)
    t.match(await stopping, { how: 'shutdown' })
    t.ok(stage.events.some((event) => event.type === 'callback-failed' && event.message === 'cannot stop'))
  })

  await t.test('what happens is told in order', async (t) => {
    const stage = new Stage()
    const supervisor = stage.supervisor({ children: [stage.spec('a')], intensity: { restarts: 1, withinMs: 10 } })
    await supervisor.start()
    stage.failures.set('a', 1)
    await stage.end('a', crash)
    t.match(stage.events, [
      { type: 'child-started', id: 'a', incarnation: 1 },
      { type: 'child-exited', id: 'a', incarnation: 1, exit: crash },
      { type: 'child-restarting', id: 'a', restarts: 1 },
      { type: 'child-start-failed', id: 'a', message: 'no a today' },
      { type: 'escalated', id: 'a', restarts: 1, withinMs: 10 },
      { type: 'supervisor-exited', exit: escalation },
    ])
    t.equal(stage.events.length, 6)
  })
})
