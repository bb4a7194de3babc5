import type { Failure } from './failure.ts'

/** What was seen of an agent's success; kept with the result as `details.proof`. */
export interface Proof {
  readonly clean: boolean
  readonly lastToolFailed: boolean
  readonly changed: 'yes' | 'no' | 'said-nothing-to-do'
}

/** What makes a success: changed files, or an answer. */
export type Expected = 'changes' | 'answer'

/** By default a review answers and all else changes files. */
export const expectedOf = (expects: Expected | undefined, verb: string): Expected =>
  expects ?? (verb === 'review' ? 'answer' : 'changes')

/** Whether something was changed, or the agent said that nothing needs to be. */
export const changeOf = (changed: boolean, said: string): Proof['changed'] =>
  changed ? 'yes' : nothingToDo.test(said) ? 'said-nothing-to-do' : 'no'

const nothingToDo = /\bnothing (?:else )?(?:needs )?to (?:be )?(?:do|done|change|changed|fix|fixed)\b/i

/** What a success lacks, in words. */
export interface Lack extends Pick<Failure, 'class'> {
  readonly message: string
}

const quoted = 300

/** What a clean end lacks to be a success; null for nothing. `lastTool` is what failed last, if anything. */
export function lackOf(
  { lastToolFailed, changed }: Proof,
  { expects, said, lastTool }: { readonly expects: Expected; readonly said: string; readonly lastTool: string },
): Lack | null {
  if (lastToolFailed) return { message: `its last tool failed: ${lastTool}` }
  if (expects === 'answer') return said === '' ? { message: 'it ended without a word' } : null
  if (changed !== 'no') return null
  const last = said === '' ? 'it said nothing' : said.slice(-quoted)
  return { message: `it ended well, but changed nothing: ${last}`, class: 'no_changes' }
}
