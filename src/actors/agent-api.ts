import type { Assignment, Outcome } from '../agents/agent.ts'
import type { ProcessIdentity } from '../process-identity.ts'

/** What an agent actor is handed when it starts. */
export interface AgentActorInput {
  readonly assignment: Assignment
  /** The agent's kind, as registered. */
  readonly kind: string
  /** URL of a module that exports `kinds: ReadonlyMap<string, AgentKind>`. */
  readonly kindsModule: string
  /** Where the output goes and how much of it is kept; null keeps none. */
  readonly log: { readonly path: string; readonly maxBytes: number } | null
  /** How long a polite stop of the agent's own programs may take, in milliseconds. */
  readonly graceMs: number
}

/** What the supervisor may ask of an agent actor. */
export interface AgentActorApi {
  /** Does the assignment, once. Whatever the agent throws is part of the outcome. */
  run(): Promise<Outcome>
}

/** What an agent actor tells while it runs. */
export type AgentEvent =
  /** There was output; `line` is the last of it. At most ten a second. */
  | { readonly type: 'output'; readonly line: string }
  /** What is going on now. At most ten a second; the last is never lost. */
  | { readonly type: 'progress'; readonly line: string }
  /** The agent started a process; told at once. */
  | { readonly type: 'process'; readonly process: ProcessIdentity }
