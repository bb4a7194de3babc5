import { stripVTControlCharacters } from 'node:util'

const keptBytes = 4096

/** The end of an output of any length, in bounded memory. */
export interface Tail {
  add(chunk: Uint8Array): void
  /** The last line with something on it, at most `limit` characters; null when there is none. */
  lastLine(limit: number): string | null
  /** The last line that speaks of a fault, else the last line; null when there is none. */
  tellingLine(limit: number): string | null
  /** As many of the last lines as fit into `limit` characters, at least one; empty when there is none. */
  lastLines(limit: number): string
}

const fault = /\b(?:\w*error|\w*exception|fatal|panic(?:ked)?|failed|failure|cannot|can't|not found|denied)\b/i

/** An empty tail; it keeps the last 4 KB. */
export function newTail(): Tail {
  let kept = Buffer.alloc(0)
  const lines = (): string[] => {
    const whole = stripVTControlCharacters(kept.toString('utf8'))
    const all = whole.split(/[\r\n]+/).map((line) => line.trim())
    // a full buffer most likely begins in the middle of a line
    return (kept.length === keptBytes && all.length > 1 ? all.slice(1) : all).filter((line) => line !== '')
  }
  return {
    add(chunk) {
      const end = chunk.subarray(Math.max(0, chunk.length - keptBytes))
      kept = Buffer.concat([kept.subarray(Math.max(0, kept.length + end.length - keptBytes)), end])
    },
    lastLine: (limit) => lines().at(-1)?.slice(0, limit) ?? null,
    tellingLine(limit) {
      const all = lines()
      return (all.findLast((line) => fault.test(line)) ?? all.at(-1))?.slice(0, limit) ?? null
    },
    lastLines(limit) {
      const [last = '', ...before] = lines().toReversed()
      let text = last.slice(-limit)
      for (const line of before) {
        if (text.length + line.length + 1 > limit) break
        text = `${line}\n${text}`
      }
      return text
    },
  }
}
