import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type {
  AgentActorApi,
  AgentActorInput,
  AgentAnswer,
  AgentEvent,
  AgentQuestion,
} from '../../src/actors/agent-api.ts'
import { agentSpec, defaultKindsModule } from '../../src/actors/agent-spec.ts'
import type { ActorHandle, HostKind } from '../../src/actors/contract.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { asActorId } from '../../src/ids.ts'
import { script } from '../agents/acp-stage.ts'
import { assignment, groupGone } from '../agents/perform.ts'

const folder = await mkdtemp(join(tmpdir(), 'troupe-agent-actor-'))
const hosts = openHosts({ thread: { maxThreads: 1 } })
t.teardown(async () => {
  await hosts[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Starts an agent actor; `first` resolves at the first event. */
async function start(
  kind: string,
  given: Partial<AgentActorInput> = {},
  host: HostKind = 'async',
  answers?: (question: AgentQuestion) => AgentAnswer,
) {
  const events: AgentEvent[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const started = Promise.withResolvers<ActorHandle<AgentActorApi>>()
  const input: AgentActorInput = {
    assignment: assignment({ directory: folder, prompt: 'hello' }),
    kind,
    kindsModule: import.meta.resolve('../fixtures/actors/agent-kinds.ts'),
    log: null,
    graceMs: 1000,
    ...given,
  }
  const emit = (event: unknown): void => {
    events.push(event as AgentEvent)
    resolve()
    if ((event as AgentEvent).type === 'question') void answer(event as AskedEvent)
  }
  const answer = async ({ id, question }: AskedEvent): Promise<void> => {
    if (answers !== undefined) await started.promise.then((actor) => actor.call('answer', id, answers(question)))
  }
  const actor = await hosts.get(host).start<AgentActorApi>(agentSpec(asActorId(kind), input), { emit })
  started.resolve(actor)
  return { actor, events, first }
}

type AskedEvent = Extract<AgentEvent, { readonly type: 'question' }>

const lines = (events: readonly AgentEvent[], type: 'output' | 'progress') =>
  events.flatMap((event) => (event.type === type ? [event.line] : []))

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(`an agent actor keeps all output in its log and tells little of it (${host})`, async (t) => {
    const path = join(folder, `${host}.log`)
    const { actor, events } = await start('talkative', { log: { path, maxBytes: 1_000_000 } }, host)
    const began = performance.now()
    t.match(await actor.call('run'), { how: 'completed', summary: 'done: hello', details: { lines: 1000 } })
    const periods = Math.ceil((performance.now() - began) / 100)
    await actor.stop('done', Infinity)
    t.equal((await readFile(path, 'utf8')).trimEnd().split('\n').length, 1000)
    t.same(events[0], { type: 'process', process: { pid: 12, group: 12, startTime: null } })
    t.equal(lines(events, 'output').at(-1), 'line 1000')
    t.equal(lines(events, 'progress').at(-1), 'step 1000')
    t.ok(lines(events, 'output').length <= periods + 1, 'at most one in 100 ms and what was owed at the end')
  })
}

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(`an agent asks while it works and is answered (${host})`, async (t) => {
    const { actor, events, first } = await start('asking', {}, host)
    const outcome = actor.call('run')
    await first
    t.same(events, [{ type: 'question', id: 1, question: { ask: 'place' } }])
    await actor.call('answer', 9, 'granted')
    await actor.call('answer', 1, 'granted')
    await actor.call('answer', 2, { allowed: false, reason: 'not yours' })
    t.match(await outcome, { how: 'completed', summary: 'not yours' })
    t.same(events.slice(1), [
      { type: 'question', id: 2, question: { ask: 'may-write', paths: [] } },
      { type: 'usage', usage: { model: 'm', inputTokens: 3, outputTokens: 2, costUsd: null } },
      { type: 'accepted', id: 1 },
      { type: 'refused', id: 1, answer: { how: 'refused', class: 'overloaded' } },
      { type: 'released', id: 1, answer: { how: 'refused', class: 'rate_limit', retryAfterMs: 5 } },
    ])
    await actor.stop('done', Infinity)
  })
}

void t.test('a question that nobody answers ends with the attempt', async (t) => {
  const { actor, first } = await start('asking')
  const outcome = actor.call('run')
  await first
  await actor.stop('enough', Infinity)
  t.same(await outcome, { how: 'cancelled', reason: 'enough' })
})

void t.test('an agent that throws has failed, whatever it threw', async (t) => {
  const { actor } = await start('throwing')
  t.match(await actor.call('run'), {
    how: 'failed',
    failure: {
      kind: 'crash',
      message: 'the agent threw RangeError: lost at 0x12ab in /tmp/somewhere/17',
      signature: 'crash RangeError lost at # in <tmp>',
    },
  })
  await actor.stop('done', Infinity)
})

void t.test('an agent that throws because it was asked to stop was cancelled', async (t) => {
  const { actor, first } = await start('waiting')
  const outcome = actor.call('run')
  await first
  t.same(await actor.stop('enough', Infinity), { how: 'shutdown', reason: 'enough' })
  t.same(await outcome, { how: 'cancelled', reason: 'enough' })
})

void t.test('a log that cannot be written costs the log, not the work', async (t) => {
  const { actor } = await start('talkative', { log: { path: join(folder, 'missing', 'a.log'), maxBytes: 100 } })
  t.match(await actor.call('run'), { how: 'completed', details: { lines: 1000, logTrouble: /ENOENT/ } })
  await actor.stop('done', Infinity)
})

void t.test('an unknown kind cannot start', async (t) => {
  await t.rejects(start('nobody'), { code: 'HOST_FAILED', message: /no agent is of kind nobody; known are talkative/ })
})

void t.test('the kinds that come with Troupe run', async (t) => {
  const { actor, events, first } = await start('command', {
    kindsModule: defaultKindsModule,
    assignment: assignment({ directory: folder, command: ['echo', 'hello'] }),
  })
  const outcome = actor.call('run')
  await first
  t.match(events, [{ type: 'question', question: { ask: 'place' } }])
  await actor.call('answer', 1, 'granted')
  t.match(await outcome, { how: 'completed' })
  t.same(lines(events, 'output'), ['hello'])
  await actor.stop('done', Infinity)
})

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(
    `an agent of another program asks before it writes, and is stopped in the middle (${host})`,
    async (t) => {
      process.env['XDG_STATE_HOME'] = folder
      const turn = [
        { edit: 'mine.txt', ask: 'go on' },
        { edit: 'yours.txt', ask: 'go on' },
        { say: 'waiting' },
        { hang: 'deaf' },
      ]
      const { promise: waits, resolve } = Promise.withResolvers<void>()
      const { actor, events } = await start(
        'acp',
        {
          kindsModule: defaultKindsModule,
          assignment: assignment({
            directory: folder,
            prompt: script(turn),
            options: { argv: [process.execPath, join(import.meta.dirname, '../fixtures/acp/main.mjs')] },
          }),
        },
        host,
        (question) => {
          if (question.ask === 'place') return 'granted'
          if (question.paths[0] === 'mine.txt') return { allowed: true }
          resolve()
          return { allowed: false, reason: 'yours.txt is held by the task other' }
        },
      )
      const outcome = actor.call('run')
      await waits
      t.equal(await readFile(join(folder, 'mine.txt'), 'utf8'), 'edited\n')
      await actor.stop('enough', 5_000)
      t.same(await outcome, { how: 'cancelled', reason: 'enough' })
      await t.rejects(readFile(join(folder, 'yours.txt')))
      const started = events.flatMap((event) => (event.type === 'process' ? [event.process.group] : []))
      t.equal(started.length, 1)
      for (const group of started) await groupGone(group)
      await rm(join(folder, 'mine.txt'))
    },
  )
}
