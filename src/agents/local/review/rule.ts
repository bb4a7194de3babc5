import type { Severity } from '../../agent.ts'
import type { Grammar } from '../grammar.ts'
import type { Matcher } from '../../../syntax/parser.ts'

/** What a rule is about; a prompt that names some of these narrows a review to them. */
export const tags = ['security', 'injection', 'secrets', 'cryptography', 'configuration', 'correctness'] as const
export type Tag = (typeof tags)[number]

/** A weakness that can be seen in the syntax of one file. */
export interface Rule {
  /** `<family>/<weakness>`. */
  readonly id: string
  readonly severity: Severity
  readonly tags: readonly Tag[]
  /** One sentence that says what to do. */
  readonly message: string
  readonly match: Matcher['rule']
  /** Only these grammars of the family have the syntax; left out for all. */
  readonly grammars?: readonly Grammar[]
  /** Whether it also holds in tests; left out for yes. */
  readonly inTests?: false
}
