import type { View } from '../monitor/view.ts'
import { type LiveBoard, openLiveBoard } from '../supervisor/run/live.ts'
import type { RunUnderWay } from './perform-run.ts'
import type { Prepared } from './prepare.ts'
import type { Terminal } from './terminal.ts'
import { viewOnTerminal } from './view-on-terminal.ts'

/** What a person sees of a run while it goes on in this process. */
export interface RunView extends View {
  begun(run: RunUnderWay): void
}

/** A view of a run; until the run has begun nobody says anything. */
export function openRunView({ rules }: Prepared, terminal: Terminal): RunView {
  let board: LiveBoard = openLiveBoard()
  const view = viewOnTerminal(terminal, { rules, live: (task) => board.of(task) })
  return {
    ...view,
    begun({ id, live }) {
      board = live
      view.tell(`run ${id}`)
    },
  }
}
