/** What came of a patch. */
export type Patched =
  | { readonly ok: true; readonly text: string; readonly hunks: number }
  | { readonly ok: false; readonly reason: string }

interface Hunk {
  readonly head: string
  /** Index of the first line that it is about, as it says. */
  readonly at: number
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/**
 * Applies a unified diff exactly. A hunk whose lines do not stand where it says is taken where they stand, if that is in one place
 * only: models count lines badly. Nothing is guessed beyond that.
 */
export function applyPatch(text: string, patch: string): Patched {
  const end = /\r\n/.test(text) && !/(?<!\r)\n/.test(text) ? '\r\n' : '\n'
  const hunks = hunksOf(patch)
  if (typeof hunks === 'string') return { ok: false, reason: hunks }
  const isEmpty = text === ''
  let lines: readonly string[] = isEmpty ? [] : text.split(end)
  // how far the lines have moved by the hunks before
  let moved = 0
  let from = 0
  for (const { head, at, before, after } of hunks) {
    const place = placeOf(lines, { before, near: at + moved, from })
    if (typeof place === 'string') return { ok: false, reason: `${head}: ${place}` }
    lines = [...lines.slice(0, place), ...after, ...lines.slice(place + before.length)]
    moved = place - at + after.length - before.length
    from = place + after.length
  }
  const joined = lines.join(end)
  return { ok: true, text: isEmpty && joined !== '' ? joined + end : joined, hunks: hunks.length }
}

function hunksOf(patch: string): readonly Hunk[] | string {
  const hunks: { head: string; at: number; before: string[]; after: string[] }[] = []
  for (const line of patch.replace(/\r/g, '').replace(/\n$/, '').split('\n')) {
    const [head, first, count] = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@/.exec(line) ?? []
    const hunk = hunks.at(-1)
    // a hunk that takes no lines away stands behind the line that it names
    if (head !== undefined)
      hunks.push({ head, at: Math.max(0, Number(first) - (count === '0' ? 0 : 1)), before: [], after: [] })
    else if (line.startsWith('@@')) return `${line} is no head of a hunk: write @@ -line,count +line,count @@`
    else if (hunk !== undefined && !take(hunk, line))
      return `${hunk.head}: a line of a hunk begins with a space, + or -: ${line.slice(0, 80)}`
  }
  if (hunks.length === 0) return 'it holds no hunk: write @@ -line,count +line,count @@ before the lines'
  return hunks
}

/** Puts a line of the patch into its hunk; false where it is none. */
function take(hunk: { readonly before: string[]; readonly after: string[] }, line: string): boolean {
  const [sign, rest] = [line.slice(0, 1), line.slice(1)]
  if (sign === ' ' || sign === '-' || sign === '') hunk.before.push(rest)
  if (sign === ' ' || sign === '+' || sign === '') hunk.after.push(rest)
  return [' ', '+', '-', '', '\\'].includes(sign)
}

interface Wanted {
  readonly before: readonly string[]
  readonly near: number
  /** What hunks before it have done is not touched again. */
  readonly from: number
}

function placeOf(lines: readonly string[], { before, near, from }: Wanted): number | string {
  const standsAt = (at: number): boolean => before.every((line, index) => lines[at + index] === line)
  if (near >= from && near + before.length <= lines.length && standsAt(near)) return near
  if (before.length === 0) return 'there is no such line'
  const places = lines.flatMap((_, at) =>
    at >= from && at + before.length <= lines.length && standsAt(at) ? [at] : [],
  )
  const [place, ...others] = places
  if (place === undefined) return 'its lines do not stand in the file: read it again and copy them exactly'
  return others.length === 0
    ? place
    : `its lines stand in ${places.length} places, and none is where it says: give more context`
}
