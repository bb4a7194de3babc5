import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TroupeError, messageOf } from '../errors.ts'

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Also survives a loss of power; costs two fsyncs. */
  readonly durable?: boolean
}

/**
 * Replaces a file in one step: a reader sees the old content or the new, never a part.
 * A crash leaves at most a `<path>.<pid>.tmp` beside it.
 * @throws TroupeError STORE_FAILED or NO_SPACE
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  { durable = false }: ReplaceOptions = {},
): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(temporary, 'w')
    try {
      writeAll(file, typeof content === 'string' ? Buffer.from(content) : content)
      if (durable) fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    if (durable) syncFolder(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'NO_SPACE' : 'STORE_FAILED'
    throw new TroupeError(code, `cannot write ${path}: ${messageOf(cause)}`, { cause })
  }
}

/** Removes what replacements that a crash cut short have left in a folder; nobody else may be writing there. */
export function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.\d+\.tmp$/.test(name)) rmSync(join(folder, name), { force: true })
}

/** Writes everything, however many writes that takes. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
}

/** Makes a new name in a folder durable. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
