import { type Filling, html, type Markup } from '../../../html.ts'

/** A part of the page under its heading; nothing where there is nothing to tell. */
export const part = (title: string, content: readonly Markup[]): Markup | null =>
  content.length === 0
    ? null
    : html`<section>
        <h2>${title}</h2>
        ${content}
      </section>`

/** Something long, folded away. */
export const folded = (summary: Filling, content: Filling): Markup =>
  html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`

/** Lines of a program or a file; empty where there is none. */
export const lines = (text: string | null): Markup => html`<pre>${text ?? ''}</pre>`
