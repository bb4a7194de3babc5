import { partsOf, printedPart } from './line-parts.ts'
import { outermostIn } from './outermost-lines.ts'
import { wordsOf } from './similarity.ts'

/** Whether both begin with a condition on the same things: it may be two ways of guarding against one case. */
export function guardAlike(ours: readonly string[], theirs: readonly string[]): boolean {
  const [mine, other] = [ours, theirs].map((lines) => askedAbout(outermostIn(lines)[0] ?? ''))
  return mine !== '' && mine === other
}

/** The words of a condition, but for those that say that something is missing; nothing for any other line. */
function askedAbout(line: string): string {
  const [, text = ''] = /^\s*(?:if|unless)\b\s*(.*)/.exec(line) ?? []
  const [first = ''] = partsOf(text)
  // `if (a) …`; or up to what ends it: `if a:`, `if a {`, `if a; then`
  const condition =
    typeof first === 'string' ? text.replace(/\s*(?::(?!=)|\{|;?\s*\bthen\b).*$/, '') : printedPart(first)
  const words = wordsOf(condition).filter((word) => !missing.has(word))
  return [...new Set(words)].toSorted().join(' ')
}

const missing: ReadonlySet<string> = new Set('null undefined None nil NULL nullptr not is typeof Boolean'.split(' '))
