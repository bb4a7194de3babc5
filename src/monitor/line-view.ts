import type { TaskId } from '../ids.ts'
import { isResolutionEvent, type Recorded, type ResolutionEvent, type RunEvent } from '../supervisor/run/events.ts'
import { ruleAt, ruleOf } from '../supervisor/run/rules.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { taskAt } from '../supervisor/run/task-change.ts'
import { elapsedText } from './elapsed.ts'
import { earlyCheckText, eventText, goneText, pauseText, resolutionText } from './event-text.ts'
import { plainLines, plainText } from '../plain-text.ts'
import { conflictLines, overlapLines, type Row, rowOf } from './rows.ts'
import { cutTo } from './text-width.ts'
import type { View, ViewOptions } from './view.ts'

const widestNote = 200

interface Told extends Recorded {
  readonly event: Exclude<RunEvent, ResolutionEvent>
}

/** A line for each change that matters, for logs and pipes: no colours, nothing redrawn. */
export class LineView implements View {
  readonly #options: ViewOptions
  /** What was last said of a task. */
  readonly #said = new Map<number, string>()
  #withoutAttempt = 0
  #settled = false

  constructor(options: ViewOptions) {
    this.#options = options
  }

  observe(recorded: Recorded, state: RunState): void {
    const { at, event } = recorded
    if (isResolutionEvent(event)) this.#say(at, plainText(resolutionText(event)))
    else this.#sayEvent({ at, event }, state)
    this.#sayUnnamed(recorded.at, state)
    const settled = state.phase.name === 'settled'
    if (settled && !this.#settled) this.#say(recorded.at, 'every task has ended: merging and checking')
    this.#settled = settled
  }

  restore(_records: readonly Recorded[], state: RunState): void {
    for (const index of this.#options.rules.tasks.keys()) {
      const { state: task, tally } = taskAt(state, index)
      this.#said.set(index, `${task.phase} ${tally.attempts}`)
    }
    this.#withoutAttempt = state.counts.blocked + state.counts.cancelled
    this.#settled = state.phase.name === 'settled'
  }

  tell(text: string): void {
    this.#options.output.write(`${plainLines(text)}\n`)
  }

  end(): void {
    // nothing was changed that must be put right
  }

  #sayEvent({ at, event }: Told, state: RunState): void {
    if ('conflicts' in event) return this.#sayAll(at, linesOfConflicts(event))
    if ('check' in event) return this.#say(at, plainText(earlyCheckText(event)))
    if ('provider' in event) return this.#say(at, eventText(event))
    if ('by' in event) return this.#say(at, `${event.task} ${pauseText(event)}`)
    if (event.type === 'attempt-started' || event.type === 'attempt-ended') this.#sayTask(event.task, at, state)
    if (event.type === 'stop-requested' || event.type === 'budget-reached')
      this.#say(at, `stopping: ${plainText(event.reason)}`)
    if (event.type === 'run-ended') this.#say(at, `run ended: ${plainText(event.reason)}`)
  }

  /** Tasks that are blocked or cancelled end without an event that names them. */
  #sayUnnamed(at: number, state: RunState): void {
    const count = state.counts.blocked + state.counts.cancelled
    if (count === this.#withoutAttempt) return
    this.#withoutAttempt = count
    const { rules } = this.#options
    for (const index of rules.tasks.keys()) {
      const { phase } = taskAt(state, index).state
      if (phase === 'blocked' || phase === 'cancelled') this.#sayTask(ruleAt(rules, index).id, at, state)
    }
  }

  #sayTask(task: TaskId, at: number, state: RunState): void {
    const { rules, live } = this.#options
    const { index } = ruleOf(rules, task)
    const row = rowOf({ rules, live, state, now: at }, index)
    const { attempts } = taskAt(state, index).tally
    const what = `${row.phase} ${attempts}`
    if (this.#said.get(index) === what) return
    this.#said.set(index, what)
    this.#say(at, `${task} ${lineOf(row, attempts)}`)
  }

  #sayAll(at: number, texts: readonly string[]): void {
    for (const text of texts) this.#say(at, text)
  }

  #say(at: number, text: string): void {
    this.tell(`${timeOfDay(at)} ${text}`)
  }
}

function lineOf({ phase, words, elapsedMs, note }: Row, attempts: number): string {
  const attempt = phase === 'succeeded' || attempts === 0 ? '' : ` (attempt ${attempts})`
  const time = phase === 'succeeded' && elapsedMs !== null ? ` in ${elapsedText(elapsedMs)}` : ''
  const why = note === '' || phase === 'running' ? '' : `: ${cutTo(note, widestNote)}`
  return `${words}${time}${attempt}${why}`
}

/** Hours, minutes and seconds where the reader is. */
const timeOfDay = (at: number): string => new Date(at).toTimeString().slice(0, 8)

function linesOfConflicts(event: Extract<RunEvent, { readonly conflicts: unknown }>): readonly string[] {
  switch (event.type) {
    case 'conflict-found':
      return event.asOfNow ? overlapLines(event.conflicts) : conflictLines(event.conflicts)
    case 'conflict-gone':
      return event.conflicts.map((conflict) => `as of now: ${plainText(goneText(conflict))}`)
    case 'conflict-moved':
      return []
  }
}
