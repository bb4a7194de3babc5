import { closeSync, linkSync, openSync, rmSync } from 'node:fs'
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

/** Gives a log another name as well; one that was never written has none. A log costs no work. */
export function nameLogAlso(path: string, other: string): void {
  try {
    rmSync(other, { force: true })
    linkSync(path, other)
  } catch {
    // it lacks the log, or the system lacks links
  }
}

interface Tail {
  add(part: Uint8Array): void
  length(): number
  parts(): readonly Uint8Array[]
}

/** A ring, made when it is first needed: nothing is left to the garbage collector however much comes. */
function openTail(limit: number): Tail {
  let ring: Buffer | null = null
  let next = 0
  let held = 0
  return {
    add(part) {
      ring ??= Buffer.allocUnsafe(limit)
      const end = part.subarray(-limit)
      const fits = Math.min(end.length, limit - next)
      ring.set(end.subarray(0, fits), next)
      ring.set(end.subarray(fits), 0)
      next = (next + end.length) % limit
      held = Math.min(limit, held + end.length)
    },
    length: () => held,
    parts: () =>
      ring === null ? [] : held < limit ? [ring.subarray(0, held)] : [ring.subarray(next), ring.subarray(0, next)],
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
