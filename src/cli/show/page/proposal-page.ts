import { html, type Markup } from '../../../html.ts'
import { htmlPage } from '../../../html-page.ts'
import { count } from '../../../count.ts'
import type { Proposal } from '../../../merge/proposal.ts'
import { headlineOf } from '../../../merge/proposal-words.ts'
import { askedPart } from './asked-part.ts'
import { checksPart } from './checks-part.ts'
import { conflictsPart, resolvedPart } from './conflicts-part.ts'
import { findingsPart } from './findings-part.ts'
import { style } from './style.ts'
import { tasksPart } from './tasks-part.ts'

/** A proposal as one page for a browser: no script, nothing from a network, every text of an agent escaped. */
export function proposalPage(proposal: Proposal): string {
  const title = headlineOf(proposal)
  const body = html`<h1 class="${proposal.verdict}">${title}</h1>
    ${summary(proposal)} ${tasksPart(proposal)} ${conflictsPart(proposal)} ${resolvedPart(proposal)}
    ${askedPart(proposal)} ${checksPart(proposal)} ${findingsPart(proposal)}`
  return htmlPage({ title, style, body })
}

function summary({ run, createdAt, interrupted, base, commit, files, replay }: Proposal): Markup {
  const stopped = interrupted ? ' The run was stopped before its end.' : ''
  return html`<p>
      Run <code>${run}</code>, ${createdAt}. ${count(files.length, 'file')} changed from
      <code>${base.slice(0, 10)}</code> to <code>${commit.slice(0, 10)}</code>.${stopped}
    </p>
    <pre>
troupe apply ${run}    # move your branch to it
${replay}   # make it once more, and see that it comes out the same</pre>`
}
