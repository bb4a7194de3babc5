import { html, type Markup } from '../../../html.ts'
import { count } from '../../../merge/markdown.ts'
import type { Proposal } from '../../../merge/proposal.ts'
import { askedPart } from './asked-part.ts'
import { checksPart } from './checks-part.ts'
import { conflictsPart, resolvedPart } from './conflicts-part.ts'
import { findingsPart } from './findings-part.ts'
import { style } from './style.ts'
import { tasksPart } from './tasks-part.ts'

/** A proposal as one page for a browser: no script, nothing from a network, every text of an agent escaped. */
export function proposalPage(proposal: Proposal): string {
  const title = headline(proposal)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <h1 class="${proposal.verdict}">${title}</h1>
        ${summary(proposal)} ${tasksPart(proposal)} ${conflictsPart(proposal)} ${resolvedPart(proposal)}
        ${askedPart(proposal)} ${checksPart(proposal)} ${findingsPart(proposal)}
      </body>
    </html> `
  return page.text
}

const verdictWords = { pass: 'Checks pass', fail: 'Checks fail', 'not-run': 'Not checked' } as const

function headline({ verdict, tasks, conflicts }: Proposal): string {
  const landed = tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const unsettled = conflicts.length === 0 ? 'no conflicts' : count(conflicts.length, 'conflict')
  return `${verdictWords[verdict]}: ${landed} of ${count(tasks.length, 'task')} landed, ${unsettled}`
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
