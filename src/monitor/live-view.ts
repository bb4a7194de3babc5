import { stripVTControlCharacters } from 'node:util'
import { plainLines } from '../plain-text.ts'
import type { Recorded } from '../supervisor/run/events.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { type FrameParts, frameOf } from './frame.ts'
import { afterEvent, noHistory, type RunHistory } from './history.ts'
import { widthOf } from './text-width.ts'
import type { View, ViewOptions } from './view.ts'

const everyMs = 100
const escape = '\u001B['
const hideCursor = `${escape}?25l`
const showCursor = `${escape}?25h`
/** Between these a terminal that knows them (mode 2026) shows nothing half drawn; others ignore them. */
const beginFrame = `${escape}?2026h`
const endFrame = `${escape}?2026l`
const eraseLine = `${escape}2K`
const eraseBelow = `${escape}J`

/** A picture that is drawn in place, ten times a second at most, and only where something is new. */
export class LiveView implements View {
  readonly #options: ViewOptions
  #history: RunHistory = noHistory
  #state: RunState | null = null
  #cancelTimer: (() => void) | null = null
  /** Columns that each drawn line takes: a window that became narrower has wrapped them. */
  #drawn: readonly number[] = []
  #shown = ''
  #ended = false

  constructor(options: ViewOptions) {
    this.#options = options
  }

  observe(recorded: Recorded, state: RunState): void {
    const isFirst = this.#state === null
    this.#history = afterEvent(this.#history, recorded)
    this.#state = state
    if (isFirst && !this.#ended) this.#begin()
  }

  restore(records: readonly Recorded[], state: RunState): void {
    this.#history = records.reduce(afterEvent, this.#history)
    this.#state = state
    if (!this.#ended) this.#begin()
  }

  tell(text: string): void {
    const { output } = this.#options
    output.write(`${this.#toTop()}${eraseBelow}${plainLines(text).replaceAll('\n', '\r\n')}\r\n`)
    this.#drawn = []
    this.#shown = ''
    if (!this.#ended) this.#draw()
  }

  end(): void {
    if (this.#ended) return
    this.#draw()
    this.#ended = true
    this.#cancelTimer?.()
    if (this.#state !== null) this.#options.output.write(`\r\n${showCursor}`)
    this.#drawn = []
  }

  #begin(): void {
    this.#options.output.write(hideCursor)
    this.#keepDrawing()
  }

  /** Output and time move on without any event, so the picture is looked at in steps of time. */
  #keepDrawing(): void {
    this.#draw()
    this.#cancelTimer = this.#options.clock.after(everyMs, () => {
      this.#keepDrawing()
    })
  }

  #draw(): void {
    if (this.#state === null) return
    const { output, coloured } = this.#options
    const [columns, rows] = [sizeOr(output.columns, 80), sizeOr(output.rows, 24)]
    // the last column and row stay free: writing there scrolls or wraps
    const lines = frameOf(this.#parts(this.#state), { columns: columns - 1, rows: rows - 1, coloured })
    const text = lines.map((line) => `${eraseLine}${line}`).join('\r\n')
    if (text === this.#shown) return
    output.write(`${beginFrame}${this.#toTop()}${text}${eraseBelow}${endFrame}`)
    this.#shown = text
    this.#drawn = lines.map(seenWidth)
  }

  #parts(state: RunState): FrameParts {
    const { rules, live, clock, merging = () => '' } = this.#options
    return { rules, live, state, history: this.#history, merging: merging(), now: clock.now() }
  }

  #toTop(): string {
    const columns = sizeOr(this.#options.output.columns, 80)
    const lines = this.#drawn.map((width) => Math.max(1, Math.ceil(width / columns)))
    const up = lines.reduce((sum, count) => sum + count, 0) - 1
    return up > 0 ? `\r${escape}${up}A` : '\r'
  }
}

/** Some terminals say 0 when they do not know. */
const sizeOr = (size: number, otherwise: number): number => (size > 0 ? size : otherwise)

const seenWidth = (line: string): number => widthOf(stripVTControlCharacters(line))
