import { distance } from 'fastest-levenshtein'

/** `; did you mean x?` for the known word nearest to what was written, or nothing when none is near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const limit = written.length < 3 ? 0 : Math.max(1, Math.floor(written.length / 3))
  let best: { readonly word: string; readonly edits: number } | null = null
  for (const word of known) {
    if (Math.abs(word.length - written.length) > limit) continue
    const edits = distance(written.toLowerCase(), word.toLowerCase())
    if (edits <= limit && (best === null || edits < best.edits)) best = { word, edits }
  }
  return best === null ? '' : `; did you mean ${best.word}?`
}
