import type { AggregatorApi } from '../../actors/aggregator-api.ts'
import type { AgentActorApi } from '../../actors/agent-api.ts'
import type { ActorHandle } from '../../actors/contract.ts'
import type { ModelsApi } from '../../actors/models-api.ts'
import type { Clock } from '../../clock.ts'
import { messageOf, TroupeError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Child, ChildSpec } from '../tree/child-spec.ts'
import type { StartChildResult, StartResult, SupervisorEvent } from '../tree/results.ts'
import { Supervisor } from '../tree/supervisor.ts'
import type { Aggregator } from './aggregator.ts'
import type { Models } from './models.ts'

/** What the tree is built of. */
export interface TroupeTreeParts {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** Places for actors; disposed last. */
  readonly hosts: AsyncDisposable
  readonly aggregator: Aggregator
  startAggregator(): Promise<ActorHandle<AggregatorApi>>
  readonly models: Models
  startModels(): Promise<ActorHandle<ModelsApi>>
  /** How long an actor may take to stop, in milliseconds. */
  readonly graceMs: number
}

/** The supervision tree of one run. */
export interface TroupeTree {
  /** Throws TroupeError HOST_FAILED when something cannot start. */
  start(): Promise<void>
  /** Starts an agent's actor as a temporary child: it is never restarted, a retry is a new attempt. */
  startAgent(id: string, start: () => Promise<ActorHandle<AgentActorApi>>): Promise<ActorHandle<AgentActorApi>>
  /** Has the actor that asks models started, if it is not there; nobody waits for it. */
  wantModels(): void
  stop(reason: string): Promise<void>
}

/**
 * root (rest-for-one)
 *   hosts ── agents (dynamic, temporary) ── services (one-for-one: models, once it is wanted) ── aggregator (permanent)
 * The aggregator stands last: when it is restarted, no agent is. A service that cannot be kept alive ends no run.
 */
export function openTroupeTree(parts: TroupeTreeParts): TroupeTree {
  const { clock, random, log, aggregator, models } = parts
  const onEvent = (event: SupervisorEvent): void => {
    if (isWorthLogging(event)) log.info(event, `supervision: ${event.type}`)
  }
  const agents = new Supervisor({ strategy: 'simple', clock, random, onEvent })
  const services = new Supervisor({ strategy: 'one-for-one', intensity, clock, random, onEvent })
  void services.closed.then((exit) => {
    models.givenUp(`its supervisor ended: ${exit.how}`)
  })
  // whoever wants models early is not refused for it
  const stand = Promise.withResolvers<void>()
  const standing = (supervisor: Supervisor): Supervisor => {
    stand.resolve()
    return supervisor
  }
  const children: readonly ChildSpec[] = [
    { id: 'hosts', start: () => Promise.resolve(hostsChild(parts.hosts)), shutdown: 'infinity' },
    { id: 'agents', kind: 'supervisor', restart: 'temporary', start: () => started(agents) },
    { id: 'services', kind: 'supervisor', restart: 'temporary', start: () => started(services).then(standing) },
    { id: 'aggregator', start: () => aggregatorChild(parts), shutdown: parts.graceMs, backoff: serviceBackoff },
  ]
  const root = new Supervisor({ strategy: 'rest-for-one', intensity, children, clock, random, onEvent })
  void root.closed.then((exit) => {
    aggregator.givenUp(`the supervision tree ended: ${exit.how}`)
  })
  let modelsStart: Promise<void> | null = null
  return {
    async start() {
      throwUnlessStarted(await root.start())
    },
    async startAgent(id, start) {
      const result = await agents.startChild({ id, start, restart: 'temporary', shutdown: parts.graceMs })
      if (result.ok) return result.child as ActorHandle<AgentActorApi>
      if (result.reason === 'start-failed') throw result.cause
      throw new TroupeError('HOST_FAILED', `the actor ${id} cannot start: ${result.reason}`)
    },
    wantModels() {
      modelsStart ??= stand.promise
        .then(() => startModels(services, parts))
        .catch((error: unknown) => {
          modelsStart = null
          models.givenUp(messageOf(error))
        })
    },
    async stop(reason) {
      await root.stop(reason)
    },
  }
}

/** Children that come and go in peace are in the journal already. */
const isWorthLogging = (event: SupervisorEvent): boolean =>
  event.type !== 'child-started' && !(event.type === 'child-exited' && event.exit.how !== 'crashed')

const intensity = { restarts: 3, withinMs: 60_000 }
const serviceBackoff = { firstMs: 50, factor: 2, maxMs: 1_000, jitter: 0.5 }

async function started(supervisor: Supervisor): Promise<Supervisor> {
  throwUnlessStarted(await supervisor.start())
  return supervisor
}

async function aggregatorChild(parts: TroupeTreeParts): Promise<Child> {
  const actor = await parts.startAggregator()
  parts.aggregator.started(actor)
  return actor
}

async function startModels(
  services: Supervisor,
  { models, startModels: start, graceMs }: TroupeTreeParts,
): Promise<void> {
  const begin = async (): Promise<Child> => {
    const actor = await start()
    models.started(actor)
    return actor
  }
  throwUnlessStarted(
    await services.startChild({ id: 'models', start: begin, shutdown: graceMs, backoff: serviceBackoff }),
  )
}

/** The hosts as a child: they end only when they are told to. */
function hostsChild(hosts: AsyncDisposable): Child {
  const closed = Promise.withResolvers<{ readonly how: 'shutdown'; readonly reason: string }>()
  return {
    closed: closed.promise,
    async stop(reason) {
      await hosts[Symbol.asyncDispose]()
      closed.resolve({ how: 'shutdown', reason })
      return await closed.promise
    },
  }
}

function throwUnlessStarted(result: StartResult | StartChildResult): void {
  if (result.ok) return
  const message = 'message' in result ? result.message : result.reason
  throw new TroupeError('HOST_FAILED', message, 'cause' in result ? { cause: result.cause } : {})
}
