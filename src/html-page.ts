import { type Filling, html, type Markup } from './html.ts'

/** A page of its own for a browser: it runs no script and asks nobody for anything. Ends in a newline. */
export function htmlPage({
  title,
  style,
  body,
}: {
  readonly title: string
  readonly style: Markup
  readonly body: Markup
}): string {
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
        <main>${body}</main>
      </body>
    </html> `
  return `${page.text.trimEnd()}\n`
}

/** A table with these heads. */
export const htmlTable = (head: readonly string[], rows: readonly (readonly Filling[])[]): Markup =>
  html`<table>
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`
