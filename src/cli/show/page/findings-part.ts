import { html, type Markup } from '../../../html.ts'
import { htmlTable } from '../../../html-page.ts'
import { quoted } from '../../../merge/conflict-message.ts'
import type { Proposal } from '../../../merge/proposal.ts'
import { worstFirst } from '../../../merge/proposal-words.ts'
import { part } from './parts.ts'

/** What agents found without changing it, the worst first. */
export function findingsPart({ findings }: Proposal): Markup | null {
  if (findings.length === 0) return null
  const rows = worstFirst(findings).map(({ severity, rule, file, line, message, tasks }) => [
    severity === 'error' ? html`<span class="bad">error</span>` : severity,
    html`<code>${quoted(file)}:${line}</code>`,
    html`<code>${rule}</code>`,
    message,
    tasks.join(', '),
  ])
  return part('Findings', [htmlTable(['Severity', 'Place', 'Rule', 'What', 'Tasks'], rows)])
}
