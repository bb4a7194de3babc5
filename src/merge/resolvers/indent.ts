/** How far a line is indented, in columns. */
export function indentOf(line: string): number {
  let width = 0
  for (const sign of line) {
    if (sign === '\t') width += 8 - (width % 8)
    else if (sign === ' ') width += 1
    else break
  }
  return width
}
