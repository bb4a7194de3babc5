import type { Finish } from './tools/finish.ts'

/** Whether something was changed, as far as it can be known. */
export type Changed = 'yes' | 'no' | 'said-nothing-to-do'

/** How things stand when a model says that it is done. */
export interface Standing {
  readonly hasChanged: boolean
  /** Whether the verb asks for a change. */
  readonly expectsChange: boolean
  /** What the last tool that acts said, when it failed. */
  readonly lastFailure: string | null
  /** Whether it has been sent back often enough. */
  readonly isLast: boolean
}

/** What is made of an end. */
export type Verdict =
  | { readonly how: 'completed'; readonly changed: Changed }
  | { readonly how: 'failed'; readonly class: 'no_changes' | null; readonly message: string }
  /** It is told what is missing, and goes on. */
  | { readonly how: 'sent-back'; readonly text: string }

/** Success is proven: a clean end, no failed last step, and a change or a plain word that there was nothing to do. */
export function judge({ outcome, summary }: Finish, standing: Standing): Verdict {
  if (outcome === 'impossible') return { how: 'failed', class: null, message: `it cannot be done: ${summary}` }
  const { hasChanged, expectsChange, lastFailure, isLast } = standing
  if (expectsChange && lastFailure !== null) {
    if (isLast) return { how: 'failed', class: null, message: `its last step failed: ${lastFailure}` }
    return { how: 'sent-back', text: `Your last step failed: ${lastFailure}\nPut it right before you finish.` }
  }
  if (hasChanged) return { how: 'completed', changed: 'yes' }
  if (outcome === 'nothing_to_do') return { how: 'completed', changed: 'said-nothing-to-do' }
  if (!expectsChange && summary !== '') return { how: 'completed', changed: 'no' }
  if (!expectsChange && isLast) return { how: 'failed', class: null, message: 'it ended without a word' }
  if (isLast) return { how: 'failed', class: 'no_changes', message: 'it says that it is done, but nothing was changed' }
  return {
    how: 'sent-back',
    text: 'Nothing was changed. Do the work, or finish with the outcome nothing_to_do or impossible.',
  }
}
