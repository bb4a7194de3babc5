import type { Assignment, Outcome, WriteAnswer } from '../agents/agent.ts'
import type { PlaceAnswer, ProviderClass, RefusedAnswer } from '../agents/failure.ts'
import type { Asked, ModelQuestion } from '../agents/model/question.ts'
import type { Usage } from '../agents/usage.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Thrown } from './thrown.ts'

/** What an agent actor is handed when it starts. */
export interface AgentActorInput {
  readonly assignment: Assignment
  /** The agent's kind, as registered. */
  readonly kind: string
  /** URL of a module that exports `kinds: ReadonlyMap<string, Pick<AgentKind, 'load'>>`. */
  readonly kindsModule: string
  /** Where the output goes and how much of it is kept; null keeps none. */
  readonly log: { readonly path: string; readonly maxBytes: number } | null
  /** How long a polite stop of the agent's own programs may take, in milliseconds. */
  readonly graceMs: number
  /** Names of variables and files whose secrets are written down nowhere; none by default. */
  readonly secrets?: readonly string[]
  /** Whether models are asked in the agent's stead, by questions; false by default. */
  readonly modelsAreShared?: boolean
}

/** What the supervisor may ask of an agent actor. */
export interface AgentActorApi {
  /** Does the assignment, once. Whatever the agent throws is part of the outcome. */
  run(): Promise<Outcome>
  /** Answers a question that the agent has asked by an event; no callback crosses a wire. */
  answer(id: number, value: AgentAnswer): void
  /** Tells how what was asked for by a question goes on, in a line for people. */
  sign(id: number, line: string): void
}

/** What an agent wants to know of the supervisor. */
export type AgentQuestion =
  | { readonly ask: 'may-write'; readonly paths: readonly string[] }
  /** Answered when the place is the agent's. */
  | { readonly ask: 'place' }
  /** A model is asked with a place of the provider's budget, which is given back then. */
  | { readonly ask: 'model'; readonly question: ModelQuestion }

export type AgentAnswer = WriteAnswer | 'granted' | ModelAnswer | HeldAnswer

/** What came of having a model asked. */
export type ModelAnswer = { readonly asked: Asked } | { readonly thrown: Thrown }

/** No place before that date. */
export interface HeldAnswer {
  readonly provider: string
  readonly class: ProviderClass
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** What an agent actor tells while it runs. */
export type AgentEvent =
  /** There was output; `line` is the last of it. At most ten a second. */
  | { readonly type: 'output'; readonly line: string }
  /** What is going on now. At most ten a second; the last is never lost. */
  | { readonly type: 'progress'; readonly line: string }
  /** The agent started a process; told at once. */
  | { readonly type: 'process'; readonly process: ProcessIdentity }
  /** What was used since the last time. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'question'; readonly id: number; readonly question: AgentQuestion }
  /** The provider has let in the call of the one who has the place that was asked for by the question `id`. */
  | { readonly type: 'accepted'; readonly id: number }
  /** The provider has refused a call of the one who has the place that was asked for by the question `id`, and keeps it. */
  | { readonly type: 'refused'; readonly id: number; readonly answer: RefusedAnswer }
  /** The place that was asked for by the question `id` is given back. */
  | { readonly type: 'released'; readonly id: number; readonly answer: PlaceAnswer }
