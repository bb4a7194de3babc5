import { styleText } from 'node:util'
import type { Phase, RunState } from '../supervisor/run/state.ts'
import { elapsedText } from './elapsed.ts'
import type { RunHistory } from './history.ts'
import { plainText } from '../plain-text.ts'
import {
  conflictLines,
  earlyLines,
  openEarlyFailures,
  openOverlaps,
  overlapLines,
  type Row,
  type RowParts,
  type RunSummary,
  rowsOf,
  summaryOf,
} from './rows.ts'
import { cutTo, fitted, widthOf } from './text-width.ts'
import { mostUrgent } from './urgency.ts'
import { count } from '../count.ts'

/** A window to draw in. */
export interface Window {
  readonly columns: number
  readonly rows: number
  readonly coloured: boolean
}

/** What a frame shows. */
export interface FrameParts extends RowParts {
  readonly history: RunHistory
  /** What is said of how far merging and checking is. */
  readonly merging?: string
}

/** The run as lines, none wider than the window and never more than it has rows: tasks, conflicts, and a bar at the end. */
export function frameOf(parts: FrameParts, window: Window): readonly string[] {
  const room = Math.max(0, window.rows - 1)
  const { history, rules, state } = parts
  const overlaps = overlapLines(openOverlaps(history.overlaps, rules, state))
  const conflicts = fewConflicts(
    [...conflictLines(history.conflicts), ...overlaps, ...earlyLines(openEarlyFailures(history, state))],
    Math.floor(room / 3),
  )
  const rows = rowsOf(parts, mostUrgent(parts.state, room - conflicts.length))
  return [
    ...rowLines(rows, window),
    ...conflicts.map((line) => painted('yellow', cutTo(line, window.columns), window.coloured)),
    barLine(parts, window.columns),
  ]
}

/** Rows as aligned lines: phase, task, attempt, time, note. */
export function rowLines(rows: readonly Row[], { columns, coloured }: Omit<Window, 'rows'>): readonly string[] {
  const widest = (texts: readonly string[], limit: number): number =>
    Math.min(limit, Math.max(0, ...texts.map(widthOf)))
  const third = Math.max(8, Math.floor(columns / 3))
  const widths = {
    words: widest(
      rows.map(({ words }) => words),
      third,
    ),
    task: widest(
      rows.map(({ task }) => task),
      third,
    ),
    attempt: widest(
      rows.map(({ attempt }) => attempt),
      third,
    ),
    elapsed: widest(rows.map(timeOf), third),
  }
  return rows.map((row) => {
    const words = fitted(row.words, Math.min(widths.words, columns))
    const cells = [
      fitted(row.task, widths.task),
      fitted(row.attempt, widths.attempt),
      fitted(timeOf(row), widths.elapsed, 'right'),
      row.note,
    ]
    const rest = cutTo(`  ${cells.join('  ')}`.trimEnd(), columns - widthOf(words))
    return painted(colours[row.phase], words, coloured) + rest
  })
}

/** How far a run has come, in words: `3 of 12 done, 1 failed, 2 running`. */
export function countsText({ total, counts }: RunSummary): string {
  const told = [
    { count: counts.failed, word: 'failed' },
    { count: counts.running, word: 'running' },
    { count: counts['backing-off'], word: 'retrying' },
    { count: counts.parked, word: 'parked' },
    { count: counts.blocked, word: 'blocked' },
    { count: counts.cancelled, word: 'cancelled' },
  ]
  const some = told.filter(({ count }) => count > 0).map(({ count, word }) => `${count} ${word}`)
  return [`${counts.succeeded} of ${total} done`, ...some].join(', ')
}

const colours: Readonly<Record<Phase, 'red' | 'cyan' | 'yellow' | 'green' | 'gray'>> = {
  failed: 'red',
  running: 'cyan',
  'backing-off': 'yellow',
  parked: 'yellow',
  blocked: 'yellow',
  cancelled: 'yellow',
  succeeded: 'green',
  dispatched: 'gray',
  ready: 'gray',
  waiting: 'gray',
}

type Colour = (typeof colours)[Phase]

const painted = (colour: Colour, text: string, coloured: boolean): string =>
  coloured ? styleText(colour, text, { validateStream: false }) : text

const timeOf = ({ elapsedMs }: Row): string => (elapsedMs === null ? '' : elapsedText(elapsedMs))

function fewConflicts(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines
  if (room === 0) return []
  const shown = lines.slice(0, room - 1)
  const rest = lines.length - shown.length
  return [...shown, shown.length === 0 ? count(rest, 'conflict') : `and ${count(rest, 'more conflict')}`]
}

const widestBar = 30
const narrowestBar = 6

function barLine({ state, history, merging = '', now }: FrameParts, columns: number): string {
  const summary = summaryOf(state)
  const started = history.startedAt ?? now
  const time = elapsedText((history.endedAt ?? now) - started)
  const head = [time, doing(state, plainText(merging))].filter((part) => part !== '').join(' ')
  const counts = countsText(summary)
  const width = Math.min(widestBar, columns - widthOf(head) - widthOf(counts) - 4)
  const bar = width < narrowestBar ? '' : `${barOf(summary.share, width)} `
  return cutTo(`${head} ${bar}${counts}`, columns)
}

function doing({ phase, resolutions }: RunState, merging: string): string {
  switch (phase.name) {
    case 'new':
    case 'working':
      return ''
    case 'stopping':
      return 'stopping'
    case 'settled': {
      const asked = [...resolutions].find(([, { standing }]) => standing.phase === 'running')
      if (asked !== undefined) return `asking ${asked[1].agent} about ${asked[0]}`
      return merging === '' ? 'merging and checking' : merging
    }
    case 'ended':
      return 'ended'
  }
}

function barOf(share: number, width: number): string {
  const full = Math.floor(share * width)
  const tip = full < width && full > 0 ? '>' : ''
  return `[${`${'='.repeat(full - tip.length)}${tip}`.padEnd(width)}]`
}
