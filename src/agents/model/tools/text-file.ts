import type { Desk } from './desk.ts'
import { done, refused, type ToolAnswer } from './tool.ts'

const maximumBytes = 2 * 1024 * 1024

/** The text of a file, or why there is none. */
export type TextReading =
  | { readonly ok: true; readonly path: string; readonly text: string }
  | { readonly ok: false; readonly reason: string }

/** Reads a whole text; what is too large or no UTF-8 is refused, since it could not be written back as it was. */
export async function readText({ files }: Desk, path: string): Promise<TextReading> {
  const read = await files.read(path, maximumBytes)
  if (!read.ok) return read
  const { bytes, size } = read.value
  if (size > bytes.length) return { ok: false, reason: `${path} is too large (${size} bytes); use a command` }
  try {
    // a byte order mark is kept
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (text.includes('\0')) return { ok: false, reason: `${path} is not a text` }
    return { ok: true, path: read.value.path, text }
  } catch {
    return { ok: false, reason: `${path} is not a text in UTF-8` }
  }
}

/** Writes a text, notes it, and says so. */
export async function writeText(desk: Desk, path: string, text: string, said: string): Promise<ToolAnswer> {
  if (Buffer.byteLength(text) > maximumBytes) return refused(`${path} would be larger than ${maximumBytes} bytes`)
  const written = await desk.files.write(path, text)
  if (!written.ok) return refused(written.reason)
  desk.written.add(written.value)
  return done(said)
}
