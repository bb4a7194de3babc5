/** The end of an output of any length, in bounded memory. */
export interface OutputTail {
  add(chunk: Uint8Array): void
  /** What was kept; it begins at a line where something before it was dropped. */
  text(): string
}

/** An empty tail that keeps at most the last `limitBytes`. */
export function newOutputTail(limitBytes: number): OutputTail {
  let kept: Uint8Array[] = []
  let size = 0
  let dropped = false
  const trim = (): void => {
    const whole = Buffer.concat(kept)
    dropped ||= whole.length > limitBytes
    kept = [whole.subarray(Math.max(0, whole.length - limitBytes))]
    size = Math.min(size, limitBytes)
  }
  return {
    add(chunk) {
      kept.push(chunk)
      size += chunk.length
      // joined only now and then: many small chunks stay cheap
      if (size > 2 * limitBytes) trim()
    },
    text() {
      trim()
      const text = Buffer.concat(kept).toString('utf8')
      return dropped ? text.slice(text.indexOf('\n') + 1) : text
    },
  }
}
