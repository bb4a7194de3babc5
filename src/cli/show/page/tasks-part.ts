import { html, type Markup } from '../../../html.ts'
import { htmlTable } from '../../../html-page.ts'
import { count } from '../../../count.ts'
import type { Disposition, Proposal } from '../../../merge/proposal.ts'
import { isKnownUsage, usageText } from '../../../merge/proposal-words.ts'
import { part } from './parts.ts'
import { tasksPicture } from './tasks-picture.ts'

/** How the tasks came together, as a picture and as a table. */
export function tasksPart(proposal: Proposal): Markup | null {
  const { tasks } = proposal
  if (tasks.length === 0) return null
  const amounts = tasks.map(({ usage }) => (isKnownUsage(usage) ? usageText(usage) : ''))
  const isTold = amounts.some((amount) => amount !== '')
  const head = ['Task', 'Agent', 'Attempts', 'Outcome', 'Summary', ...(isTold ? ['Used'] : [])]
  const rows = tasks.map((task, number) => [
    html`<code>${task.task}</code>`,
    task.agent,
    task.attempts,
    outcome(task.disposition),
    task.summary?.split('\n')[0] ?? '',
    ...(isTold ? [amounts[number] ?? ''] : []),
  ])
  const table = htmlTable(head, rows)
  return part('Tasks', [tasksPicture(proposal), table])
}

function outcome(disposition: Disposition): Markup {
  const { state } = disposition
  if (state === 'unchanged') return html`done, nothing to change`
  if (state === 'landed')
    return html`<span class="good">landed</span>, ${count(disposition.files.length, 'file')}
      (<code>${disposition.commit.slice(0, 10)}</code>)`
  const kept = state === 'left-out' ? html`; kept at <code>${disposition.ref}</code>` : null
  return html`<span class="bad">${state}</span>: ${disposition.reason}${kept}`
}
