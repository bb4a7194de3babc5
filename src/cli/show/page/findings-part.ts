import { html, type Markup } from '../../../html.ts'
import { quoted } from '../../../merge/conflict-message.ts'
import type { Proposal } from '../../../merge/proposal.ts'
import { part, tableOf } from './parts.ts'

const worstFirst = { error: 0, warning: 1, note: 2 } as const

/** What agents found without changing it, the worst first. */
export function findingsPart({ findings }: Proposal): Markup | null {
  if (findings.length === 0) return null
  const rows = findings
    .toSorted((a, b) => worstFirst[a.severity] - worstFirst[b.severity])
    .map(({ severity, rule, file, line, message, tasks }) => [
      severity === 'error' ? html`<span class="bad">error</span>` : severity,
      html`<code>${quoted(file)}:${line}</code>`,
      html`<code>${rule}</code>`,
      message,
      tasks.join(', '),
    ])
  return part('Findings', [tableOf(['Severity', 'Place', 'Rule', 'What', 'Tasks'], rows)])
}
