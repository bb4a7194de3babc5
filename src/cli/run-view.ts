import type { Recorded } from '../supervisor/run/events.ts'
import type { RunState } from '../supervisor/run/state.ts'
import type { RunUnderWay } from './perform-run.ts'
import type { Prepared } from './prepare.ts'
import type { Terminal } from './terminal.ts'

/** What a person sees of a run while it goes on. */
export interface RunView {
  begun(run: RunUnderWay): void
  observe(recorded: Recorded, state: RunState): void
  /** Puts the terminal right again; may be called twice. */
  end(): void
}

/** One line for each attempt that begins or ends. */
export function openRunView(_prepared: Prepared, terminal: Terminal): RunView {
  return {
    begun: ({ id }) => {
      terminal.tell(`run ${id}`)
    },
    observe: ({ event }) => {
      if (event.type === 'attempt-started')
        terminal.tell(`${event.task}: running (attempt ${event.attempt}, ${event.host})`)
      if (event.type === 'attempt-ended') terminal.tell(`${event.task}: ${event.end.how}`)
    },
    end: () => {},
  }
}
