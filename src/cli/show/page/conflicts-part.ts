import { html, type Markup } from '../../../html.ts'
import { quoted, rangeText } from '../../../merge/conflict-message.ts'
import type { ConflictText, ToldConflict } from '../../../merge/conflict-texts.ts'
import type { Proposal, ResolvedPlace } from '../../../merge/proposal.ts'
import { folded, lines, part } from './parts.ts'

/** Every conflict with what each side has, side by side. */
export const conflictsPart = ({ conflicts }: Proposal): Markup | null => part('Conflicts', conflicts.map(conflictOf))

function conflictOf({ kind, file, message, ours, theirs, texts }: ToldConflict): Markup {
  const head = html`<code>${quoted(file)}</code> (${kind}): ${message}`
  return texts.length === 0
    ? html`<p>${head}</p>`
    : folded(
        head,
        texts.map((text) => sides(text, [ours ?? 'base', theirs])),
      )
}

const sides = ({ text, ours, base, theirs, truncated }: ConflictText, [one, two]: readonly [string, string]): Markup =>
  columns([
    [`${one}, ${rangeText(ours)}`, text.ours],
    [`base, ${rangeText(base)}`, text.base],
    [`${two}, ${rangeText(theirs)}${truncated ? ' (cut)' : ''}`, text.theirs],
  ])

const columns = (all: readonly (readonly [head: string, text: string | null])[]): Markup =>
  html`<div class="sides">${all.map(([head, text]) => html`<div>${head}${lines(text)}</div>`)}</div>`

/** What resolvers decided, with what they decided about. */
export const resolvedPart = ({ resolved }: Proposal): Markup | null => part('Resolved', resolved.map(resolvedOf))

const resolvedOf = ({ file, line, task, resolver, grade, evidence, ours, base, theirs }: ResolvedPlace): Markup =>
  folded(
    html`<code>${quoted(file)}:${line}</code> ${task}: ${resolver} (${grade}), ${evidence}`,
    columns([
      ['what had landed', ours],
      ['base', base],
      [task, theirs],
    ]),
  )
