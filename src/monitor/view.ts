import type { Clock } from '../clock.ts'
import type { TaskId } from '../ids.ts'
import type { Recorded } from '../supervisor/run/events.ts'
import type { LiveLine } from '../supervisor/run/live.ts'
import type { RunRules } from '../supervisor/run/rules.ts'
import type { RunState } from '../supervisor/run/state.ts'

/** Where a view goes. */
export interface ViewOutput {
  write(text: string): void
  /** Size of the window in characters, as it is now. */
  readonly columns: number
  readonly rows: number
}

/** What a view is made of. */
export interface ViewOptions {
  readonly rules: RunRules
  /** What a task under way said last. */
  readonly live: (task: TaskId) => LiveLine
  /** What is said of how far merging and checking is; empty for nothing. */
  readonly merging?: () => string
  readonly clock: Clock
  readonly output: ViewOutput
  readonly coloured: boolean
}

/** A picture of one run that keeps up with its events. */
export interface View {
  /** After each event, with the state that follows from it. */
  observe(recorded: Recorded, state: RunState): void
  /** What happened before this process looked: part of the picture, but not told again. */
  restore(records: readonly Recorded[], state: RunState): void
  /** Says something else between; a picture drawn in place stays below it. */
  tell(text: string): void
  /** Shows the last state and leaves the terminal as it was; may be called twice. */
  end(): void
}
