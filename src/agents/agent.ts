import type * as z from 'zod'
import type { AgentName, RunId, TaskId } from '../ids.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Failure, PlaceAnswer, RefusedAnswer } from './failure.ts'
import type { Asked, ModelQuestion } from './model/question.ts'
import type { Usage } from './usage.ts'

/** How bad a finding is, in SARIF's words. */
export type Severity = 'error' | 'warning' | 'note'

/** Something an agent found without changing it. */
export interface Finding {
  /** Stable rule id, as `python/weak-hash`. */
  readonly rule: string
  readonly severity: Severity
  /** Relative to the repository's root, with forward slashes. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly message: string
  /** The source text found, its first line, at most 200 characters. */
  readonly text: string
}

/** What one attempt is asked to do; templates are filled in. Survives structured clone. */
export interface Assignment {
  readonly run: RunId
  readonly task: TaskId
  readonly attempt: number
  readonly agent: AgentName
  readonly verb: string
  readonly prompt: string | null
  readonly command: readonly string[] | null
  readonly files: readonly string[]
  readonly owns: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
  /** The agent's own options as its kind reads them: checked, and with every default. */
  readonly options: Readonly<Record<string, unknown>>
  /** Absolute path to work in. */
  readonly directory: string
  /** Whether it is not the attempt's own: nothing in it may be changed. */
  readonly looksOnly?: boolean
  /** Whether files of an earlier attempt lie there, as changes that nobody has committed. */
  readonly continued: boolean
  /** Wall-clock limit of the attempt, in milliseconds; null for none. */
  readonly timeoutMs: number | null
  /** The commit of what an earlier attempt had written before it was rebased; null for none. */
  readonly rebased: string | null
}

/** How an agent's work ended. */
export type Outcome =
  | {
      readonly how: 'completed'
      /** What was done, in a sentence or a few lines: dependants can quote it. */
      readonly summary: string
      readonly findings: readonly Finding[]
      /** Machine-readable extras for the result file; `usage`, when it is there, is a Usage. */
      readonly details: Readonly<Record<string, unknown>>
    }
  | { readonly how: 'failed'; readonly failure: Failure; readonly details: Readonly<Record<string, unknown>> }
  | { readonly how: 'cancelled'; readonly reason: string }

/** Whether an agent may write some files. */
export type WriteAnswer =
  | { readonly allowed: true }
  /** `reason` is a sentence that a model understands. */
  | { readonly allowed: false; readonly reason: string }

/** The right to make one call to a provider, or to let one program make its calls. */
export interface Place {
  /** The provider has let the call in: so many at once are not too many. Only the first call counts. */
  accepted(): void
  /** The provider has refused a call that the program makes again by itself: the place is kept, and all others are told. */
  refused(answer: RefusedAnswer): void
  /** Gives the place back; only the first call counts. */
  release(answer: PlaceAnswer): void
}

/** What an agent is given besides its assignment. */
export interface AgentContext {
  /** Aborts when the attempt must stop. */
  readonly signal: AbortSignal
  /** How long a polite stop may take, in milliseconds, before force. */
  readonly graceMs: number
  /** Appends to the attempt's bounded log. */
  readonly output: (chunk: string | Uint8Array) => void
  /** One short line about what is going on now. */
  readonly progress: (line: string) => void
  /** A process has been started; recorded so that it can be found again by exact identity. */
  readonly started: (process: ProcessIdentity) => void
  /** A model has been called, or a program tells of its calls: what was used since the last time. */
  readonly used: (usage: Usage) => void
  /**
   * Asked before a write: no where the task does not own a file, and where a running task holds it. What is allowed is held until the
   * attempt ends. Paths are relative to the repository's root.
   */
  readonly mayWrite: (paths: readonly string[]) => Promise<WriteAnswer>
  /**
   * Waits for a place in the budget of the agent's provider; at once where there is none. Rejects when the attempt is stopped meanwhile,
   * and with ProviderHeld when the provider is held for long: let it through, and the attempt is parked.
   */
  readonly place: () => Promise<Place>
  /**
   * Has a model asked in the agent's stead, with a place of its provider's budget; left out where agents ask by themselves. Rejects as
   * `place` does.
   */
  readonly askModel?: (question: ModelQuestion) => Promise<Asked>
}

/** One way of doing work. It knows nothing of hosts, retries or where its log goes. */
export type Agent = (assignment: Assignment, context: AgentContext) => Promise<Outcome>

/** Whether a program can do what it is asked for. */
export type Fitness =
  | { readonly how: 'fit'; readonly version: string }
  | { readonly how: 'absent'; readonly program: string }
  /** `why` is a part of a sentence, as `lacks --json`. */
  | { readonly how: 'unfit'; readonly version: string; readonly why: string }

/** What the rest of Troupe may know of a kind without loading its work. */
export interface AgentKind {
  readonly name: string
  readonly summary: string
  /** Strict object schema of the kind's options in a manifest. */
  readonly options: z.ZodObject
  /** The mode used where the manifest leaves the choice. */
  readonly preferredMode: 'async' | 'thread' | 'process'
  /** The workspace used where the task leaves the choice. */
  preferredWorkspace(verb: string): 'own' | 'shared' | 'none'
  /** Paths the task will write if that is known, null when it may write any of its files. */
  willWrite(task: { readonly verb: string; readonly files: readonly string[] }): readonly string[] | null
  /** Mistakes in a task for this kind that the schema cannot see, as messages; empty when it can be run. */
  mistakes(task: {
    readonly verb: string
    readonly prompt: string | null
    readonly command: readonly string[] | null
    readonly files: readonly string[]
    readonly options: Readonly<Record<string, unknown>>
  }): readonly string[]
  /** The provider whose limits its calls share, where an agent that is declared names none. */
  usualProvider?(options: Readonly<Record<string, unknown>>): string | null
  /** What is not there that an agent with these options needs, as a key; null where nothing is missing. */
  missing?(
    options: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string | undefined>>,
  ): string | null
  /** Names of variables, and of files in the home folder, with keys and the like for an agent with these options: nobody may write these down. */
  secrets?(options: Readonly<Record<string, unknown>>): readonly string[]
  /** Programs that people may have, each with the options of an agent that it would be. */
  readonly programs?: readonly { readonly title: string; readonly options: Readonly<Record<string, unknown>> }[]
  /** Whether the program of an agent with these options is there and has what it is asked for; tried for real, and remembered. */
  fitness?(
    options: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<Fitness>
  /** Loads the work itself. */
  load(): Promise<Agent>
}
