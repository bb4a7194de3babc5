import { fsyncSync, linkSync, openSync, closeSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { threadId } from 'node:worker_threads'
import { TroupeError } from '../errors.ts'
import { identityOf, type ProcessIdentity } from '../process-identity.ts'
import { lockFolder } from './lock.ts'
import { namesIn } from './is-there.ts'
import { replaceFile, syncFolder, writeAll } from './replace-file.ts'

/** Who took an epoch. */
export interface EpochHolder {
  readonly process: ProcessIdentity
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** Whether it has given the epoch back. */
  readonly released: boolean
}

/** The newest epoch of a path, 0 when there was none; `holder` is null when its file was torn by a crash. */
export interface NewestEpoch {
  readonly epoch: number
  readonly holder: EpochHolder | null
}

interface TakeOptions {
  readonly nowMs: number
  /** The epoch to follow, by default the newest; of all who follow the same one, one wins. */
  readonly previous?: number
  /** Also survives a loss of power: its number is never given twice. */
  readonly durable?: boolean
}

/**
 * Takes the next epoch of a path: a number that grows with every holder and that no two can have, since its file is made
 * exclusively. A holder that was deposed finds a newer epoch and must write nothing.
 * @throws TroupeError LEASE_HELD when another took the same number at the same moment
 */
export function takeEpoch(path: string, { nowMs, previous, durable = false }: TakeOptions): number {
  const epoch = (previous ?? newestOf(path)) + 1
  const holder: EpochHolder = {
    process: identityOf(process.pid),
    host: hostname(),
    since: new Date(nowMs).toISOString(),
    released: false,
  }
  try {
    makeWhole(epochFile(path, epoch), JSON.stringify(holder), durable)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw sameMoment(path, cause)
  }
  if (newestOf(path) !== epoch) {
    // so late that the number had been used and cleared away
    rmSync(epochFile(path, epoch), { force: true })
    throw sameMoment(path)
  }
  return epoch
}

/** Clears away what epochs before this one have left, or what those have left that were given back; only its holder may. */
export function forgetEpochsBefore(path: string, epoch: number, { givenBack = false } = {}): void {
  for (const old of epochsOf(path)) {
    if (old >= epoch || (givenBack && holderIn(epochFile(path, old))?.released === false)) continue
    rmSync(epochFile(path, old), { force: true })
    rmSync(lockFolder(epochFile(path, old)), { recursive: true, force: true })
  }
}

/** Marks an epoch as given back; its number stays taken. */
export function releaseEpoch(path: string, epoch: number): void {
  const holder = holderIn(epochFile(path, epoch))
  if (holder === null || !isNewest(path, epoch)) return
  replaceFile(epochFile(path, epoch), JSON.stringify({ ...holder, released: true }))
}

/** Whether nobody has taken an epoch after this one, which had been taken: two looks, however full the folder is. */
export const isNewest = (path: string, epoch: number): boolean =>
  // in this order: a successor clears this one away before its own can go
  !existsSync(epochFile(path, epoch + 1)) && existsSync(epochFile(path, epoch))

/** The newest epoch of a path and who took it. */
export function newestEpoch(path: string): NewestEpoch {
  const epoch = newestOf(path)
  return { epoch, holder: epoch === 0 ? null : holderIn(epochFile(path, epoch)) }
}

/** The newest epoch that this process had and of which something is left; null for none. */
export function epochOf(path: string, { pid, startTime }: ProcessIdentity): number | null {
  const isIts = (epoch: number): boolean => {
    const found = holderIn(epochFile(path, epoch))?.process
    return found?.pid === pid && found.startTime === startTime
  }
  return (
    epochsOf(path)
      .toSorted((a, b) => b - a)
      .find(isIts) ?? null
  )
}

/** Where an epoch is kept. */
export const epochFile = (path: string, epoch: number): string => `${path}.epoch-${epoch}`

function sameMoment(path: string, cause?: unknown): TroupeError {
  return new TroupeError('LEASE_HELD', `another process took ${path} at the same moment`, { cause })
}

/** A link comes with all its content or not at all, and never replaces. */
function makeWhole(path: string, content: string, durable: boolean): void {
  const temporary = `${path}.${threadId}.${process.pid}.tmp`
  try {
    writeNew(temporary, 'w', { content, durable })
    try {
      linkSync(temporary, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
      writeNew(path, 'wx', { content, durable }) // a file system without links
    }
    if (durable) syncFolder(dirname(path))
  } finally {
    rmSync(temporary, { force: true })
  }
}

function writeNew(path: string, flags: string, { content, durable }: { content: string; durable: boolean }): void {
  const file = openSync(path, flags)
  try {
    writeAll(file, Buffer.from(content))
    if (durable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function holderIn(file: string): EpochHolder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Partial<EpochHolder> | null
    return typeof holder?.process?.pid === 'number' ? (holder as EpochHolder) : null
  } catch {
    return null
  }
}

const newestOf = (path: string): number => Math.max(0, ...epochsOf(path))

function epochsOf(path: string): readonly number[] {
  const prefix = `${basename(path)}.epoch-`
  const names = namesIn(dirname(path)).filter((name) => name.startsWith(prefix))
  return names.map((name) => Number(name.slice(prefix.length))).filter(Number.isSafeInteger)
}
