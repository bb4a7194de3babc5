const printableAscii = /^[ -~]*$/
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u
const withoutWidth = /^[\p{M}\u200B-\u200D]+$/u

/** How many columns of a terminal a line takes: East Asian wide characters and emoji take two. */
export function widthOf(text: string): number {
  if (printableAscii.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemesOf(text)) width += columnsOf(segment)
  return width
}

/** The text, cut to so many columns; an ellipsis says that something is missing. */
export function cutTo(text: string, columns: number): string {
  // no character is narrower than its code units are many, so the rest need not be measured
  const start = text.slice(0, columns * 16)
  if (start.length === text.length && widthOf(start) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of graphemesOf(start)) {
    width += columnsOf(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return columns > 0 ? `${kept}…` : ''
}

/** The text in exactly so many columns, cut or filled with spaces. */
export function fitted(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, columns)
  const space = ' '.repeat(Math.max(0, columns - widthOf(cut)))
  return side === 'left' ? cut + space : space + cut
}

let segmenter: Intl.Segmenter | null = null

function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' }) // takes some ten milliseconds, and most text is ASCII
  return segmenter.segment(text)
}

function columnsOf(grapheme: string): number {
  if (withoutWidth.test(grapheme)) return 0
  return wide.test(grapheme) ? 2 : 1
}
