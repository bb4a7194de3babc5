import { closeSync, fsync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { threadId } from 'node:worker_threads'
import { TroupeError } from '../errors.ts'
import { bytesOf } from '../text-bytes.ts'
import { storeFailure } from './store-failure.ts'

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Also survives a loss of power; costs two fsyncs. */
  readonly durable?: boolean
}

/**
 * Replaces a file in one step: a reader sees the old content or the new, never a part.
 * A crash leaves at most a `<path>.<pid>.tmp` beside it.
 * @param content what comes in pieces is never held as a whole
 * @throws TroupeError STORE_FAILED or NO_SPACE
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  { durable = false }: ReplaceOptions = {},
): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(temporary, 'w')
    try {
      if (content instanceof Uint8Array) writeAll(file, content)
      else if (typeof content === 'string') writeText(file, content)
      else writePieces(file, content)
      if (durable) fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    if (durable) syncFolder(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw storeFailure(`cannot write ${path}`, cause)
  }
}

/**
 * The same for what must survive a loss of power, while the event loop goes on: resolves when it is on disk, for good.
 * @param fence called right before the new content takes its place; when it throws, the old one stays
 * @throws TroupeError STORE_FAILED or NO_SPACE, or what `fence` throws
 */
export async function replaceFileDurably(path: string, content: string, fence: () => void): Promise<void> {
  const temporary = `${path}.${threadId}.${process.pid}.tmp`
  try {
    await writeDurably(temporary, content)
    fence()
    renameSync(temporary, path)
    await folderToDisk(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause instanceof TroupeError ? cause : storeFailure(`cannot write ${path}`, cause)
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = openSync(path, 'w')
  try {
    writeAll(file, Buffer.from(content))
    await toDisk(file)
  } finally {
    closeSync(file)
  }
}

async function folderToDisk(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    await toDisk(handle)
  } finally {
    closeSync(handle)
  }
}

const toDisk = promisify(fsync)

/** Removes what replacements that a crash cut short have left in a folder; nobody else may be writing there. */
export function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.\d+\.tmp$/.test(name)) rmSync(join(folder, name), { force: true })
}

/** Writes everything, however many writes that takes. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
}

function writeText(file: number, text: string): void {
  for (const part of bytesOf(text)) writeAll(file, part)
}

const gatheredCharacters = 65_536

function writePieces(file: number, pieces: Iterable<string>): void {
  let gathered = ''
  for (const piece of pieces) {
    gathered += piece
    if (gathered.length < gatheredCharacters) continue
    writeAll(file, Buffer.from(gathered))
    gathered = ''
  }
  writeAll(file, Buffer.from(gathered))
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
