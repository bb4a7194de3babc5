import { html, type Markup } from '../../../html.ts'
import { htmlTable } from '../../../html-page.ts'
import type { BlamedCheck, CheckResult, Proposal, SeenPart, Verdict } from '../../../merge/proposal.ts'
import { folded, lines, part } from './parts.ts'
import { count } from '../../../count.ts'

/** The checks, and who is to blame where one failed. */
export function checksPart({ checks, blame }: Proposal): Markup {
  const told = part(
    'Checks',
    checks.length === 0 ? [none] : [htmlTable(heads, checks.map(row)), ...checks.flatMap(tail)],
  )
  return html`${told}${part('Blame', blame.map(blamed))}`
}

const none = html`<p>None is declared, so nothing says that the changes work together.</p>`
const heads = ['Check', 'Verdict', 'Why', 'Took']

const row = ({ name, verdict, reason, cached, durationMs }: CheckResult) => [
  name,
  verdictOf(verdict),
  reason ?? (cached ? 'passed before on this very tree' : ''),
  `${(durationMs / 1_000).toFixed(1)} s`,
]

const verdictOf = (verdict: Verdict): Markup =>
  html`<span class="${verdict === 'pass' ? 'good' : 'bad'}">${verdict}</span>`

const tail = ({ name, verdict, outputTail }: CheckResult): readonly Markup[] =>
  verdict === 'pass' || outputTail.trim() === '' ? [] : [folded(`Last lines of ${name}`, lines(outputTail))]

function blamed({ sentence, dropped, seen, runs }: BlamedCheck): Markup {
  const left = dropped === null ? '' : `; ${dropped} was left out`
  return folded(html`${sentence}${left} (${count(runs, 'run')})`, seen.map(seenPart))
}

function seenPart({ tasks, verdict, reason, outputTail }: SeenPart): Markup {
  const who = tasks.length === 0 ? 'the base alone' : tasks.join(' + ')
  const said = outputTail.trim() === '' ? null : lines(outputTail)
  return html`<p>${who}: ${verdictOf(verdict)}${reason === null ? '' : `, ${reason}`}</p>
    ${said}`
}
