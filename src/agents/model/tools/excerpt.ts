const headBytes = 10_000
const tailBytes = 20_000

/** The beginning and the end of an output of any length, in bounded memory. */
export interface Excerpt {
  add(chunk: Uint8Array): void
  text(): string
}

/** Nothing yet. */
export function newExcerpt(): Excerpt {
  let head = Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  let total = 0
  return {
    add(chunk) {
      total += chunk.length
      const room = headBytes - head.length
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)])
      const rest = chunk.subarray(Math.max(0, room)).subarray(-tailBytes)
      if (rest.length > 0) tail = Buffer.concat([tail.subarray(-(tailBytes - rest.length) || tail.length), rest])
    },
    text() {
      const missing = total - head.length - tail.length
      const between = missing > 0 ? `\n… ${missing} bytes left out …\n` : ''
      return head.toString('utf8') + between + tail.toString('utf8')
    },
  }
}
