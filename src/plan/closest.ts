import { distance } from 'fastest-levenshtein'

/** `; did you mean x?` for the known word nearest to what was written, or nothing when none is near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  let best: { readonly word: string; readonly edits: number } | null = null
  for (const word of known) {
    const edits = distance(written.toLowerCase(), word.toLowerCase())
    if (best === null || edits < best.edits) best = { word, edits }
  }
  const limit = Math.max(1, Math.floor(written.length / 3))
  return best !== null && best.edits <= limit ? `; did you mean ${best.word}?` : ''
}
