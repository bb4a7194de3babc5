import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentActorApi, AgentEvent } from '../../../src/actors/agent-api.ts'
import { agentSpec, defaultKindsModule } from '../../../src/actors/agent-spec.ts'
import type { ActorHandle, ActorHost } from '../../../src/actors/contract.ts'
import { openHosts } from '../../../src/actors/hosts/registry.ts'
import type { ModelsApi, ModelsEvent } from '../../../src/actors/models-api.ts'
import type { Assignment, Outcome } from '../../../src/agents/agent.ts'
import type { PlaceAnswer } from '../../../src/agents/failure.ts'
import { once } from '../../../src/agents/load-once.ts'
import { systemClock } from '../../../src/clock.ts'
import { asActorId } from '../../../src/ids.ts'
import { noBudget, type Task } from '../../../src/plan/task.ts'
import { openBudgets } from '../../../src/supervisor/run/budgets.ts'
import { type Conversation, converse } from '../../../src/supervisor/run/conversation.ts'
import { openHeldFiles } from '../../../src/supervisor/run/held-files.ts'
import { openModels } from '../../../src/supervisor/run/models.ts'
import { groupGone } from '../../agents/perform.ts'

/** What one attempt came to, as its supervisor sees it. */
export interface HostedPerformance {
  readonly outcome: Outcome
  /** What the log holds. */
  readonly output: string
  readonly progress: readonly string[]
  /** How each place of the provider was given back. */
  readonly released: readonly PlaceAnswer[]
}

/** When to stop an attempt, and how politely. */
export interface Stop {
  readonly when: () => boolean
  readonly graceMs: number
}

/** Some is printed that nobody wants to keep. */
export const logBytes = 100_000

let attempts = 0

/** Lets an agent of a kind do an assignment as an actor of a host, every question answered with yes; nothing of it runs afterwards. */
export async function performOn(
  host: ActorHost,
  kind: string,
  assignment: Assignment,
  { folder, stop }: { readonly folder: string; readonly stop: Stop | null },
): Promise<HostedPerformance> {
  mkdirSync(folder, { recursive: true })
  attempts += 1
  const log = { path: join(folder, `${attempts}.log`), maxBytes: logBytes }
  const events: AgentEvent[] = []
  const released: PlaceAnswer[] = []
  const conversation = converseAbout(assignment, released)
  const graceMs = stop?.graceMs ?? 10_000
  const modelsAreShared = host.kind !== 'async'
  const input = { assignment, kind, kindsModule: defaultKindsModule, log, graceMs, modelsAreShared }
  const started = Promise.withResolvers<ActorHandle<AgentActorApi>>()
  const emit = (event: unknown): void => {
    events.push(event as AgentEvent)
    conversation.hear(event as AgentEvent)
    if (stop?.when() === true) void started.promise.then((actor) => actor.stop('enough', Infinity))
  }
  const spec = agentSpec(asActorId(`${kind}-${attempts}`), input)
  const actor = await conversation.with(host.start<AgentActorApi>(spec, { emit }))
  started.resolve(actor)
  const outcome = await actor.call('run')
  await actor.stop('done', Infinity)
  conversation.end()
  for (const event of events) if (event.type === 'process') await groupGone(event.process.group)
  return {
    outcome,
    output: existsSync(log.path) ? readFileSync(log.path, 'utf8') : '',
    progress: events.flatMap((event) => (event.type === 'progress' ? [event.line] : [])),
    released,
  }
}

/** As a run answers its agents, with as many places as are asked for and no file that somebody else holds. */
function converseAbout({ task: id }: Assignment, released: PlaceAnswer[]): Conversation {
  const task = { id, owns: null } as Task
  const place = {
    accepted() {},
    refused() {},
    giveBack(answer: PlaceAnswer) {
      released.push(answer)
    },
  }
  return converse({
    clock: systemClock,
    task,
    models,
    held: openHeldFiles(),
    account: openBudgets(systemClock, noBudget).open({ id, budget: noBudget }),
    places: { limits: () => true, take: () => Promise.resolve(place), spend() {} },
  })
}

const hosts = openHosts({ thread: { maxThreads: 1 } })
const models = openModels({
  clock: systemClock,
  wanted: () => void startModels(),
})

const startModels = once(async () => {
  const module = import.meta.resolve('../../../src/actors/models-actor.ts')
  const spec = { id: asActorId('models'), module, export: 'modelsActor', input: null }
  const emit = (event: unknown): void => {
    models.hear(event as ModelsEvent)
  }
  models.started(await hosts.get('thread').start<ModelsApi>(spec, { emit }))
})

/** Ends what agents of all performances share. */
export const endShared = async (): Promise<void> => {
  await hosts[Symbol.asyncDispose]()
}
