import type { AgentName, TaskId } from '../ids.ts'

/** Where an actor lives; `auto` lets the agent's kind choose. */
export type Mode = 'async' | 'thread' | 'process'
export type ModeChoice = Mode | 'auto'

/** Where an attempt works: a worktree of its own, one read-only checkout shared by all, or the repository's own folder untouched. */
export type WorkspaceKind = 'own' | 'shared' | 'none'

/** What happens when what two running tasks have written does not go together. */
export type ConflictPolicy = 'tell' | 'pause' | 'ignore'

export type OverlapPolicy = 'warn' | 'serialize' | 'refuse'
export type FailurePolicy = 'continue' | 'stop'
export type RetryStart = 'fresh' | 'continue'

/** One unit of work for one agent, checked and with every default filled in. */
export interface Task {
  readonly id: TaskId
  readonly agent: AgentName
  /** Who tries it, each by itself, so that the best is kept; null where it is for its agent alone. */
  readonly bestOf: readonly AgentName[] | null
  /** What is asked, in a word: review, test, docs, implement, fix or any other. */
  readonly verb: string
  /** Prompt template, or null when there is none. */
  readonly prompt: string | null
  /** Command template (argv), or null when the agent's own is used. */
  readonly command: readonly string[] | null
  /** Paths the task is about, relative to the repository's root, with forward slashes. */
  readonly files: readonly string[]
  /** Globs outside which a change is a conflict; null when the task may write anywhere. */
  readonly owns: readonly string[] | null
  /** Tasks whose success this one waits for and whose change sets it starts from. */
  readonly needs: readonly TaskId[]
  /** Greater goes first among ready tasks of equal remaining path. */
  readonly priority: number
  /** How long it will likely take, in milliseconds, for the order of tasks; null where nobody says. */
  readonly estimateMs: number | null
  /** Wall-clock limit of one attempt in milliseconds; null for none. */
  readonly timeoutMs: number | null
  /** How long an attempt may give no sign of life, in milliseconds; null for ever. */
  readonly stallMs: number | null
  /** How much memory an attempt may hold, in bytes; null for no limit. */
  readonly memoryBytes: number | null
  /** What all its attempts together may use. */
  readonly budget: Budget
  /** How many attempts may follow the first. */
  readonly retries: number
  /** Whether the next attempt starts with the files that the last one left. */
  readonly onRetry: RetryStart
  readonly env: Readonly<Record<string, string>>
  /** null lets the agent's kind choose. */
  readonly workspace: WorkspaceKind | null
}

/** What may be used; null for no limit. What an agent does not tell counts for nothing. */
export interface Budget {
  /** Of models, in and out. */
  readonly tokens: number | null
  readonly costUsd: number | null
  /** Wall clock, in milliseconds. */
  readonly timeMs: number | null
}

/** No limit at all. */
export const noBudget: Budget = { tokens: null, costUsd: null, timeMs: null }

/** A named way of doing work. */
export interface AgentDeclaration {
  readonly name: AgentName
  /** The registered kind: command, local, … */
  readonly kind: string
  readonly mode: ModeChoice
  /** How many of its tasks may run at once; null for no limit of its own. */
  readonly concurrency: number | null
  /** Whose limits its calls share; null when they need none. */
  readonly provider: string | null
  /** The kind's own options as written, checked by the kind's schema; the kind fills in what is left out. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A provider of models as far as its limits go; what is shared by all runs on this machine with the same account and model. */
export interface ProviderDeclaration {
  readonly name: string
  /** Name of the environment variable that holds the key; null when there is none. */
  readonly account: string | null
  readonly model: string | null
  /** Calls at once to begin with. */
  readonly start: number
  /** Calls at once at most. */
  readonly concurrency: number
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}

/** A command that the merged tree must pass. */
export interface CheckCommand {
  readonly name: string
  /** argv; a manifest's plain string becomes `sh -c`. */
  readonly command: readonly string[]
  /** Wall-clock limit in milliseconds; null for none. */
  readonly timeoutMs: number | null
}

/** How change sets are brought together. */
export interface MergeSettings {
  readonly strategy: 'best-set' | 'in-order' | 'all-or-nothing'
  /** The least sure grade of resolution that is kept by itself; null resolves nothing. */
  readonly resolve: 'certain' | 'likely' | 'checked' | null
  /** Names of resolvers that are turned off. */
  readonly off: readonly string[]
  /** Whether the change sets that break a check are looked for and left out. */
  readonly blame: boolean
  /** Globs of files in which both sides of a conflict stay. */
  readonly union: readonly string[]
  /** Globs of files that are merged by key. */
  readonly keyed: readonly string[]
  readonly regenerate: readonly RegenerateCommand[]
  /** Whether a check that passed in an earlier run on the very same tree is not run again. */
  readonly reusePasses: boolean
  /** Checkouts that are checked at once; null for as many as tasks run at once, but no more than there are processors. */
  readonly checksAtOnce: number | null
  /** Who is asked about what stays in conflict; null for nobody. */
  readonly resolver: ResolverSettings | null
}

/** An agent that is asked about conflicts. */
export interface ResolverSettings {
  /** What every conflict becomes for it, but for its id and files. */
  readonly task: Task
  /** How many conflicts it is asked about. */
  readonly atMost: number
}

/** A command that makes files anew which several change sets touched. */
export interface RegenerateCommand {
  /** The files. */
  readonly glob: string
  /** The command as it was written. */
  readonly name: string
  /** argv; a manifest's plain string becomes `sh -c`. */
  readonly command: readonly string[]
  /** Wall-clock limit in milliseconds; null for none. */
  readonly timeoutMs: number | null
}

/** A manifest, checked, with every default filled in. */
export interface Manifest {
  readonly version: 1
  readonly name: string | null
  /** Any revision; HEAD by default. */
  readonly base: string
  readonly mode: ModeChoice
  /** How many attempts run at once. */
  readonly concurrency: number
  /** How many dispatched tasks may wait for a free place. */
  readonly mailbox: number
  readonly agents: ReadonlyMap<AgentName, AgentDeclaration>
  /** Those that were declared or are named by an agent. */
  readonly providers: ReadonlyMap<string, ProviderDeclaration>
  /** In the order of the text. */
  readonly tasks: readonly Task[]
  readonly check: readonly CheckCommand[]
  /** What runs in a checkout before its checks. */
  readonly prepare: readonly CheckCommand[]
  /** What runs on all that tasks have written so far while they still work. */
  readonly earlyCheck: readonly CheckCommand[]
  /** What tasks have that say nothing of their own, in milliseconds; null for ever. */
  readonly stallMs: number | null
  /** What tasks may hold that say nothing of their own, in bytes; null for no limit. */
  readonly memoryBytes: number | null
  /** What all tasks together may use. */
  readonly budget: Budget
  /** How often the files of attempts under way are saved, in milliseconds; null for never. */
  readonly snapshotMs: number | null
  /** How change sets are brought together. */
  readonly merge: MergeSettings
  /** Names of variables whose values are written down nowhere, besides those that agents name. */
  readonly secrets: readonly string[]
  /** Whether prompts are kept with the run. */
  readonly keepPrompts: boolean
  readonly onConflict: ConflictPolicy
  readonly onOverlap: OverlapPolicy
  readonly onFailure: FailurePolicy
  /** Extra places for the proposal, relative to the repository's root; null for none. */
  readonly output: { readonly json: string | null; readonly markdown: string | null; readonly sarif: string | null }
}

/** One mistake in a text that the user wrote. */
export interface Mistake {
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** Dotted path of the field, empty when there is none. */
  readonly path: string
  readonly message: string
}

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value; readonly warnings: readonly Mistake[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }
