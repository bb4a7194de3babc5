/** The end of an output of any length, cut where a character begins. */
export interface OutputEnd {
  add(chunk: Uint8Array): void
  read(): { readonly output: string; readonly truncated: boolean }
}

const isInsideCharacter = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/** Keeps the last `limit` bytes. */
export function newOutputEnd(limit: number): OutputEnd {
  let chunks: Uint8Array[] = []
  let length = 0
  let truncated = false
  const compact = (): Buffer => {
    const all = Buffer.concat(chunks)
    let from = Math.max(0, all.length - limit)
    if (from > 0) truncated = true
    while (from > 0 && isInsideCharacter(all[from])) from++
    const kept = all.subarray(from)
    chunks = [kept]
    length = kept.length
    return kept
  }
  return {
    add(chunk) {
      chunks.push(Buffer.from(chunk))
      length += chunk.length
      if (length > limit * 2 + 65_536) compact()
    },
    read: () => ({ output: compact().toString(), truncated }),
  }
}
