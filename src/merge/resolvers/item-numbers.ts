/** Items of a numbered list as they are counted on behind others, where both sides' began with the same number. */
export function countedOn(lines: readonly string[], before: readonly string[]): readonly string[] {
  const [first, known] = [itemIn(lines), itemIn(before)]
  if (first === null || first.number === 1 || first.number !== known?.number || first.indent !== known.indent)
    return lines
  const isItem = (line: string): boolean => itemOf(line)?.indent === first.indent
  const more = before.filter(isItem).length
  return lines.map((line) => (isItem(line) ? line.replace(/\d+/, (number) => String(Number(number) + more)) : line))
}

interface Item {
  readonly indent: string
  readonly number: number
}

/** The item that lines begin with. */
const itemIn = (lines: readonly string[]): Item | null => itemOf(lines.find((line) => line.trim() !== '') ?? '')

function itemOf(line: string): Item | null {
  const [, indent, number] = /^(\s*)(\d{1,9})[.)]\s/.exec(line) ?? []
  return indent === undefined ? null : { indent, number: Number(number) }
}
