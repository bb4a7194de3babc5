import { html, type Markup } from '../../../html.ts'
import type { TaskId } from '../../../ids.ts'
import type { LedgerLine, Proposal, ProposalTask } from '../../../merge/proposal.ts'

/** More rows than this are no picture any more: the table has them all. */
const mostRows = 150
const rowHeight = 24
/** Pixels from the left: the line of landing, names, bars. */
const at = { spine: 150, name: 170, bar: 430, barWidth: 420, width: 960 } as const
const fates = ['kept', 'equivalent', 'resolved', 'superseded', 'dropped'] as const

/**
 * One row for each task: those that landed first, in their order, on one line; a bar of what became of its changes; at the left arcs
 * between tasks that are in conflict, that together break a check, or that changed something alike.
 */
export function tasksPicture(proposal: Proposal): Markup {
  const rows = rowsOf(proposal)
  const height = (rows.length + 1) * rowHeight + 30
  const lastLanded = rows.filter(({ disposition }) => disposition.state === 'landed').length
  const most = Math.max(1, ...rows.map(({ task }) => changesOf(ledgerOf(proposal, task))))
  return html`<svg viewBox="0 0 ${at.width} ${height}" role="img" aria-label="How the tasks came together">
    <line class="spine" x1="${at.spine}" y1="4" x2="${at.spine}" y2="${middleOf(Math.max(0, lastLanded - 1))}" />
    ${arcsOf(proposal, rows)}
    ${rows.map((row, number) => rowOf(row, { number, ledger: ledgerOf(proposal, row.task), most }))}
    ${legend(height - 14)}
  </svg>`
}

function rowsOf({ tasks, order }: Proposal): readonly ProposalTask[] {
  const place = (task: TaskId): number => (order.includes(task) ? order.indexOf(task) : order.length)
  return tasks.toSorted((a, b) => place(a.task) - place(b.task)).slice(0, mostRows)
}

const middleOf = (row: number): number => row * rowHeight + 20
const ledgerOf = ({ ledger }: Proposal, task: TaskId): LedgerLine | undefined => ledger.find((one) => one.task === task)
const changesOf = (ledger: LedgerLine | undefined): number =>
  fates.reduce((sum, fate) => sum + (ledger?.[fate] ?? 0), 0)

interface Row {
  readonly number: number
  readonly ledger: LedgerLine | undefined
  /** Changes of the task that has most of them. */
  readonly most: number
}

function rowOf({ task, agent, disposition }: ProposalTask, { number, ledger, most }: Row): Markup {
  const y = middleOf(number)
  const look = { landed: 'kept', 'left-out': 'out' }[disposition.state as string] ?? 'idle'
  const scale = at.barWidth / most
  let x: number = at.bar
  const bars = fates.map((fate) => {
    const width = (ledger?.[fate] ?? 0) * scale
    const bar =
      width === 0
        ? null
        : html`<rect class="${fate}" x="${x}" y="${y - 7}" width="${width}" height="14"
            ><title>${ledger?.[fate] ?? 0} ${fate}</title></rect
          >`
    x += width
    return bar
  })
  return html`<circle class="${look}" cx="${at.spine}" cy="${y}" r="6"><title>${disposition.state}</title></circle>
    <text x="${at.name}" y="${y + 4}">${cut(task, 24)} <tspan opacity=".6">${cut(agent, 12)}</tspan></text
    >${bars} `
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

interface Arc {
  readonly kind: 'conflict' | 'alike' | 'blamed'
  readonly between: readonly [TaskId, TaskId]
  readonly why: string
}

function arcsOf(proposal: Proposal, rows: readonly ProposalTask[]): readonly (Markup | null)[] {
  const numberOf = new Map(rows.map(({ task }, number) => [task, number]))
  return meetings(proposal).map(({ kind, between, why }) => {
    const [one, other] = between.map((task) => numberOf.get(task))
    if (one === undefined || other === undefined || one === other) return null
    const [top, bottom] = [middleOf(Math.min(one, other)), middleOf(Math.max(one, other))]
    const out = at.spine - 8 - Math.min(at.spine - 12, 14 + (bottom - top) / 3)
    return html`<path
      class="arc ${kind}"
      d="M${at.spine - 8} ${top}C${out} ${top} ${out} ${bottom} ${at.spine - 8} ${bottom}"
      ><title>${why}</title></path
    >`
  })
}

function meetings({ conflicts, identical, blame }: Proposal): readonly Arc[] {
  return [
    ...conflicts.flatMap(({ ours, theirs, message }) =>
      ours === null ? [] : [{ kind: 'conflict' as const, between: [ours, theirs] as const, why: message }],
    ),
    ...identical.flatMap(({ file, tasks }) => neighbours(tasks, 'alike', `changed ${file} alike`)),
    ...blame.flatMap(({ tasks, sentence }) => neighbours(tasks, 'blamed', sentence)),
  ]
}

const neighbours = (tasks: readonly TaskId[], kind: Arc['kind'], why: string): readonly Arc[] =>
  tasks.slice(1).flatMap((task, number) => {
    const before = tasks[number]
    return before === undefined ? [] : [{ kind, between: [before, task], why }]
  })

const arcs = [
  ['conflict', 'in conflict'],
  ['blamed', 'break a check'],
  ['alike', 'changed alike'],
] as const

/** What arcs and bars mean. */
function legend(y: number): Markup {
  const bars = fates.map((fate, number) => {
    const x = at.bar + number * 104
    return html`<rect class="${fate}" x="${x}" y="${y - 9}" width="10" height="10" /><text x="${x + 14}" y="${y}"
        >${fate}</text
      >`
  })
  const lines = arcs.map(([kind, meaning], number) => {
    const x = 4 + number * 128
    return html`<path class="arc ${kind}" d="M${x} ${y - 4}h16" /><text x="${x + 20}" y="${y}">${meaning}</text>`
  })
  return html`${bars}${lines}`
}
