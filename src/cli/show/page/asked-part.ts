import { html, type Markup } from '../../../html.ts'
import { htmlTable } from '../../../html-page.ts'
import { quoted } from '../../../merge/conflict-message.ts'
import type { Proposal } from '../../../merge/proposal.ts'
import { part } from './parts.ts'

/** What declared commands made anew, and what agents answered about conflicts. */
export const askedPart = (proposal: Proposal): Markup => html`${regeneratedPart(proposal)}${resolutionsPart(proposal)}`

function regeneratedPart({ regenerated }: Proposal): Markup | null {
  if (regenerated.length === 0) return null
  const rows = regenerated.map(({ paths, name, verdict, reason }) => [filesOf(paths), name, verdict, reason ?? ''])
  return part('Made anew', [htmlTable(['Files', 'By', 'Verdict', 'Why'], rows)])
}

function resolutionsPart({ resolutions }: Proposal): Markup | null {
  if (resolutions.length === 0) return null
  const rows = resolutions.map(({ task, agent, files, attempts, outcome, reason }) => [
    html`<code>${task}</code>`,
    agent,
    filesOf(files),
    attempts,
    outcome === 'kept' ? html`<span class="good">kept</span>` : html`<span class="bad">${outcome}</span>: ${reason}`,
  ])
  return part('Asked', [htmlTable(['Task', 'Agent', 'Files', 'Attempts', 'Outcome'], rows)])
}

const filesOf = (paths: readonly string[]): Markup => html`${paths.map((path) => html`<code>${quoted(path)}</code> `)}`
