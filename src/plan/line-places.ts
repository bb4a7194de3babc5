/** Where an offset of a text stands, both from 1; columns count UTF-16 code units. */
export interface LinePlace {
  readonly line: number
  readonly column: number
}

/** Finds lines and columns of a text. The parser's own count misses line breaks where the text is no YAML. */
export function linePlaces(text: string): (offset: number) => LinePlace {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  return (offset) => {
    let first = 0
    let last = starts.length - 1
    while (first < last) {
      const middle = Math.ceil((first + last) / 2)
      if ((starts[middle] ?? 0) <= offset) first = middle
      else last = middle - 1
    }
    return { line: first + 1, column: offset - (starts[first] ?? 0) + 1 }
  }
}
