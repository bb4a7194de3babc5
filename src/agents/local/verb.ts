import type { AgentContext, Assignment, Outcome } from '../agent.ts'
import type { LocalOptions } from './options.ts'
import type { Parser } from '../../syntax/parser.ts'

/** What the local agent can be asked for. */
export const verbs = ['review', 'test', 'docs'] as const
export type Verb = (typeof verbs)[number]

export const isVerb = (word: string): word is Verb => verbs.some((verb) => verb === word)

/** One piece of local work. */
export interface Work {
  readonly assignment: Assignment
  readonly options: LocalOptions
  readonly context: AgentContext
  readonly parse: Parser
}

/** Carries out one verb; never throws for what a user can cause. */
export type Performer = (work: Work) => Promise<Outcome>
