/**
 * A service that dies at every third piece of work, in each of the three hosts, and a client that never notices but for
 * the wait: `npm run example:keep-alive` in a checkout.
 */
import {
  type ActorChildSpec,
  actorChild,
  DeadLetters,
  openHosts,
  Supervisor,
  type SupervisorEvent,
} from 'troupe/supervisor'
import type { Fragile, FragileInput } from './fragile.ts'

const modes = ['async', 'thread', 'process'] as const
const piecesPerMode = 6
const deadLetters = new DeadLetters()
await using hosts = openHosts({ deadLetters, thread: { maxThreads: 2 } })

/** Who waits for a child to start once more. */
const starts = new Map<string, PromiseWithResolvers<void>>()
const counts = { exits: 0, restarts: 0, answers: 0, asks: 0 }

const service = (mode: (typeof modes)[number]): ActorChildSpec => ({
  id: `${mode} service`,
  module: import.meta.resolve('./fragile.ts'),
  input: { diesAt: 3, crash: mode !== 'async' } satisfies FragileInput,
  onEmit: (event) => console.log(`${mode} service: ${String(event)}`),
  restart: 'permanent',
  backoff: { firstMs: 20, maxMs: 200, factor: 2, jitter: 0.5 },
})

const supervisor = new Supervisor({
  strategy: 'one-for-one',
  intensity: { restarts: 12, withinMs: 60_000 },
  deadLetters,
  children: modes.map((mode) => actorChild(hosts.get(mode), service(mode))),
  onEvent(event) {
    if (event.type === 'child-started') starts.get(event.id)?.resolve()
    if (event.type === 'child-exited') counts.exits += 1
    if (event.type === 'child-restarting') counts.restarts += 1
    const line = lineOf(event)
    if (line !== null) console.log(line)
  },
})

function lineOf(event: SupervisorEvent): string | null {
  if (event.type === 'child-started') return `${event.id}: started (incarnation ${event.incarnation})`
  if (event.type === 'child-exited') return `${event.id}: ended, ${event.exit.how}`
  return event.type === 'child-waiting' ? `${event.id}: back in ${Math.round(event.delayMs)} ms` : null
}

/** The answer of whichever incarnation lives; asks again after a restart when one died of it. */
async function square(id: string, value: number): Promise<number> {
  for (;;) {
    const restarted = Promise.withResolvers<void>()
    starts.set(id, restarted)
    counts.asks += 1
    try {
      return await supervisor.actor<Fragile>(id).ask('square', [value], { withinMs: 10_000 })
    } catch {
      await Promise.race([restarted.promise, supervisor.closed])
      if (supervisor.countChildren().specs === 0) throw new Error('the supervisor has given up')
    }
  }
}

const started = await supervisor.start()
if (!started.ok) throw new Error(started.reason)
await Promise.all(
  modes.map(async (mode) => {
    for (let value = 1; value <= piecesPerMode; value++) {
      if ((await square(`${mode} service`, value)) === value * value) counts.answers += 1
    }
  }),
)
const deaths = counts.exits
supervisor.actor<Fragile>('no such service').cast('square', 1)
await supervisor.stop('all work is done')

console.log(
  `\n${counts.answers} of ${modes.length * piecesPerMode} pieces of work answered, asked ${counts.asks} times;` +
    ` ${deaths} deaths, ${counts.restarts} restarts (allowed: 12 a minute);` +
    ` ${deadLetters.total} dead letter (${deadLetters.latest.map(({ actor, reason }) => `${actor}: ${reason}`).join()})`,
)
