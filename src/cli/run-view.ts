import type { View } from '../monitor/view.ts'
import { type LiveBoard, openLiveBoard } from '../supervisor/run/live.ts'
import type { RunUnderWay } from './conduct-run.ts'
import type { Prepared } from './prepare.ts'
import type { RunId } from '../ids.ts'
import type { Recorded } from '../supervisor/run/events.ts'
import { resumed } from '../supervisor/run/resumed.ts'
import type { RunRules } from '../supervisor/run/rules.ts'
import { endedTotal, outstandingTotal, type RunState } from '../supervisor/run/state.ts'
import type { Terminal } from './terminal.ts'
import { viewOnTerminal } from './view-on-terminal.ts'
import { count } from '../count.ts'

/** What a person sees of a run while it goes on in this process. */
export interface RunView extends View {
  begun(run: RunUnderWay, records: readonly Recorded[]): void
}

/** A view of a run; until the run has begun nobody says anything. */
export function openRunView({ rules }: Prepared, terminal: Terminal): RunView {
  let board: LiveBoard = openLiveBoard()
  const view = viewOnTerminal(terminal, { rules, live: (task) => board.of(task), merging: () => board.merging() })
  return {
    ...view,
    begun({ id, live, state }, records) {
      board = live
      view.tell(records.length === 0 ? `run ${id}` : resumedText(id, rules, state))
      if (records.length > 0) view.restore(records, state)
    },
  }
}

/** What an interruption called off had not ended. */
function resumedText(id: RunId, rules: RunRules, before: RunState): string {
  const [state] = resumed(rules, before, 0)
  const [ended, lost] = [endedTotal(state), outstandingTotal(state)]
  const calledOff = endedTotal(before) - ended
  const again = [
    ...(lost === 0 ? [] : [`; ${lost} ${lost === 1 ? 'was under way and is' : 'were under way and are'} tried again`]),
    ...(calledOff === 0
      ? []
      : [`; ${calledOff} ${calledOff === 1 ? 'was called off and runs' : 'were called off and run'} now`]),
  ]
  return `run ${id} goes on: ${ended} of ${count(rules.tasks.length, 'task')} had ended${again.join('')}`
}
