import { withoutEscapes } from './plain-text.ts'

/** A text of HTML or SVG that may stand in a page as it is. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in the gaps of `html`: markup as it is, text escaped, lists joined, null as nothing. */
export type Filling = Markup | string | number | null | readonly Filling[]

/** A template literal of HTML or SVG; whatever is filled in and is no markup itself is escaped. */
export function html(texts: TemplateStringsArray, ...fillings: readonly Filling[]): Markup {
  return new Markup(texts.map((text, at) => text + filled(fillings[at] ?? null)).join(''))
}

function filled(filling: Filling): string {
  if (filling === null) return ''
  if (filling instanceof Markup) return filling.text
  if (typeof filling === 'object') return filling.map(filled).join('')
  return escaped(`${filling}`)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What colours a terminal or turns the order of characters round goes; controls that XML 1.0 does not allow are shown as U+FFFD. */
const escaped = (text: string): string =>
  withoutEscapes(text)
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, '\uFFFD')
