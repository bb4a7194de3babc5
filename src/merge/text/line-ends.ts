import type { Versions } from './three-way.ts'

/**
 * Merged lines as a text whose line ends are those of the file: where a side changed them as a whole, what it changed them to, and so with
 * what ends the last line. A line that was a version's last may lack its end; in the middle it gets one.
 */
export function joinLines(lines: readonly string[], { base, ours, theirs }: Versions): string {
  const ends = [base, ours, theirs].map(lineEndOf)
  const end = changed(ends) ?? '\n'
  const isOne = !ends.includes(null)
  const isEnded = changed([base, ours, theirs].map((version) => version.at(-1)?.endsWith('\n') ?? true))
  return lines
    .map((line, at) => {
      const bare = withoutEnd(line)
      if (at === lines.length - 1)
        return isEnded ? bare + (isOne || bare === line ? end : line.slice(bare.length)) : bare
      return isOne || bare === line ? bare + end : line
    })
    .join('')
}

/** Of something in three versions what a side changed it to, ours first. */
const changed = <T>([base, ours, theirs]: readonly T[]): T | undefined => (ours === base ? theirs : ours)

const withoutEnd = (line: string): string =>
  line.slice(0, line.endsWith('\r\n') ? -2 : line.endsWith('\n') ? -1 : line.length)

/** What ends each line; null where that differs. */
function lineEndOf(lines: readonly string[]): '\n' | '\r\n' | null {
  let [ended, windows] = [0, 0]
  for (const line of lines) {
    if (line.endsWith('\n')) ended += 1
    if (line.endsWith('\r\n')) windows += 1
  }
  return windows === 0 ? '\n' : windows === ended ? '\r\n' : null
}
