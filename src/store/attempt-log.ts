import { closeSync, openSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { writeAll } from './replace-file.ts'

/** How much of an attempt's output is kept. */
export interface AttemptLogOptions {
  /** Bytes on disk, about: the first three quarters and the last quarter of a longer output. */
  readonly maxBytes: number
}

/** The bounded log of one attempt: an endless output costs bounded memory and bounded disk. */
export interface AttemptLog {
  /** Appends; the file is made at the first write. */
  write(chunk: string | Uint8Array): void
  /** The last line with something on it so far, without escape codes, at most 200 characters. */
  lastLine(): string
  /** Writes what was held back; `bytes` came in, `cut` of them were left out. */
  close(): { readonly bytes: number; readonly cut: number }
}

/** Opens a log that is written synchronously: what an attempt printed survives its death. */
export function openAttemptLog(path: string, { maxBytes }: AttemptLogOptions): AttemptLog {
  const headBytes = Math.floor((maxBytes * 3) / 4)
  const tail = openTail(maxBytes - headBytes)
  let file: number | null = null
  let written = 0
  let bytes = 0
  let last: Uint8Array = new Uint8Array()

  function append(part: Uint8Array): void {
    file ??= openSync(path, 'a')
    writeAll(file, part)
  }

  return {
    write(chunk) {
      const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (part.length === 0) return
      bytes += part.length
      last = lastPart(last, part)
      const fits = Math.min(part.length, headBytes - written)
      if (fits > 0) append(part.subarray(0, fits))
      written += fits
      if (fits < part.length) tail.add(part.subarray(fits))
    },
    lastLine: () => lastLineOf(last),
    close() {
      const cut = bytes - written - tail.length()
      if (cut > 0) append(Buffer.from(`\n[troupe: ${cut} bytes cut]\n`))
      for (const part of tail.parts()) append(part)
      if (file !== null) closeSync(file)
      file = null
      return { bytes, cut }
    },
  }
}

interface Tail {
  add(part: Uint8Array): void
  length(): number
  parts(): readonly Uint8Array[]
}

function openTail(limit: number): Tail {
  const parts: Uint8Array[] = []
  let held = 0
  return {
    add(part) {
      parts.push(Uint8Array.prototype.slice.call(part.subarray(-limit)))
      held += Math.min(part.length, limit)
      for (let first = parts[0]; first !== undefined && held > limit; first = parts[0]) {
        const over = held - limit
        if (first.length > over) parts[0] = first.subarray(over)
        else parts.shift()
        held -= Math.min(over, first.length)
      }
    },
    length: () => held,
    parts: () => parts,
  }
}

const lineBytes = 1_024

function lastPart(before: Uint8Array, part: Uint8Array): Uint8Array {
  if (part.length >= lineBytes) return Buffer.from(part.subarray(-lineBytes))
  return Buffer.concat([before.subarray(-(lineBytes - part.length)), part])
}

function lastLineOf(bytes: Uint8Array): string {
  const lines = stripVTControlCharacters(Buffer.from(bytes).toString()).split(/[\r\n]+/)
  return (
    lines
      .findLast((line) => line.trim() !== '')
      ?.trim()
      .slice(0, 200) ?? ''
  )
}
