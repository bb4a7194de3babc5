import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentActorApi, AgentEvent } from '../../../src/actors/agent-api.ts'
import { agentSpec, defaultKindsModule } from '../../../src/actors/agent-spec.ts'
import type { ActorHandle, ActorHost } from '../../../src/actors/contract.ts'
import type { Assignment, Outcome, PlaceAnswer } from '../../../src/agents/agent.ts'
import { asActorId } from '../../../src/ids.ts'
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
  const started = Promise.withResolvers<ActorHandle<AgentActorApi>>()
  const told = (event: AgentEvent): void => {
    events.push(event)
    if (event.type === 'question') {
      const answer = event.question.ask === 'place' ? 'granted' : { allowed: true as const }
      void started.promise.then((actor) => actor.cast('answer', event.id, answer))
    }
    if (stop?.when() === true) void started.promise.then((actor) => actor.stop('enough', Infinity))
  }
  const graceMs = stop?.graceMs ?? 10_000
  const input = { assignment, kind, kindsModule: defaultKindsModule, log, graceMs }
  const emit = (event: unknown): void => told(event as AgentEvent)
  const actor = await host.start<AgentActorApi>(agentSpec(asActorId(`${kind}-${attempts}`), input), { emit })
  started.resolve(actor)
  const outcome = await actor.call('run')
  await actor.stop('done', Infinity)
  for (const event of events) if (event.type === 'process') await groupGone(event.process.group)
  return {
    outcome,
    output: existsSync(log.path) ? readFileSync(log.path, 'utf8') : '',
    progress: events.flatMap((event) => (event.type === 'progress' ? [event.line] : [])),
    released: events.flatMap((event) => (event.type === 'released' ? [event.answer] : [])),
  }
}
