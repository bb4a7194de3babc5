import type * as z from 'zod'
import type { WorkspaceKind } from './task.ts'

/** A task as far as a kind of agent may judge it. */
export interface JudgedTask {
  readonly verb: string
  readonly prompt: string | null
  readonly command: readonly string[] | null
  readonly files: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** What planning knows of a kind of agent; the registry of agents satisfies it. */
export interface PlanKind {
  /** What it does, in a sentence. */
  readonly summary: string
  /** Strict object schema of the kind's own options. */
  readonly options: z.ZodObject
  readonly preferredMode: 'async' | 'thread' | 'process'
  preferredWorkspace(verb: string): WorkspaceKind
  /** Paths the task will write if that is known. */
  willWrite(task: { readonly verb: string; readonly files: readonly string[] }): readonly string[] | null
  /** The provider whose limits its calls share, where an agent that is declared names none. */
  usualProvider?(options: Readonly<Record<string, unknown>>): string | null
  /** Mistakes that the schema cannot see. */
  mistakes(task: JudgedTask): readonly string[]
}

/** The kinds of agents by the name a manifest uses. */
export type PlanKinds = ReadonlyMap<string, PlanKind>
