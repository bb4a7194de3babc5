import { systemClock } from '../clock.ts'
import { openView } from '../monitor/terminal.ts'
import type { View, ViewOptions } from '../monitor/view.ts'
import { type Terminal, wantsColour } from './terminal.ts'

/** A view on standard error: a picture drawn in place where that works, otherwise a line for each change. */
export function viewOnTerminal(terminal: Terminal, options: Pick<ViewOptions, 'rules' | 'live' | 'merging'>): View {
  const { screen: output, live: redraw } = terminal
  const view = openView({ ...options, clock: systemClock, output, redraw, coloured: wantsColour(terminal) })
  const end = (): void => {
    process.off('exit', end)
    view.end()
  }
  // a process that is made to leave at once must leave a cursor behind, too
  process.once('exit', end)
  return { observe: view.observe.bind(view), restore: view.restore.bind(view), tell: view.tell.bind(view), end }
}
