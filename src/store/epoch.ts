import { existsSync, linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../process-identity.ts'
import { replaceFile } from './replace-file.ts'

/** Who took an epoch. */
export interface EpochHolder {
  readonly process: ProcessIdentity
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** Set when the holder has given it back. */
  readonly released?: true
}

/** The newest epoch of a path: 0 when there was none. `holder` is null when nobody holds it or it cannot be read. */
export interface NewestEpoch {
  readonly epoch: number
  readonly holder: EpochHolder | null
}

/**
 * Takes the epoch after `previous`: a number that grows with every holder and that no two can have, since its file appears
 * whole and exclusively. A holder that has lost its lock finds a newer epoch and must write nothing.
 * @param previous the newest one by default
 * @throws TroupeError LEASE_HELD when another took the same number, STORE_FAILED when it cannot be written
 */
export function takeEpoch(path: string, nowMs: number, previous: number = newestEpoch(path).epoch): number {
  const epoch = previous + 1
  const since = new Date(nowMs).toISOString()
  const holder: EpochHolder = { process: identityOf(process.pid), host: hostname(), since }
  const unfinished = `${epochFile(path, epoch)}.${process.pid}.tmp`
  try {
    writeFileSync(unfinished, JSON.stringify(holder))
    linkSync(unfinished, epochFile(path, epoch))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new TroupeError('LEASE_HELD', `another process took ${path} at the same moment`, { cause })
    throw new TroupeError('STORE_FAILED', `${path} cannot be taken: ${messageOf(cause)}`, { cause })
  } finally {
    rmSync(unfinished, { force: true })
  }
  for (const old of epochsOf(path)) if (old < epoch) rmSync(epochFile(path, old), { force: true })
  return epoch
}

/** Whether an epoch that this process took is still the newest; two looks at the file system. */
export const isNewest = (path: string, epoch: number): boolean =>
  existsSync(epochFile(path, epoch)) && !existsSync(epochFile(path, epoch + 1))

/** Marks an epoch as given back; the number stays taken. */
export function releaseEpoch(path: string, epoch: number): void {
  const { epoch: newest, holder } = newestEpoch(path)
  if (newest !== epoch || holder === null) return
  replaceFile(epochFile(path, epoch), JSON.stringify({ ...holder, released: true }))
}

/** The newest epoch of a path and who holds it. */
export function newestEpoch(path: string): NewestEpoch {
  const epoch = Math.max(0, ...epochsOf(path))
  const holder = holderOf(path, epoch)
  return { epoch, holder: holder?.released === true ? null : holder }
}

/** Whether a holder lives, as far as can be told from here: one on another host may. */
export const mayLive = ({ process: holder, host }: EpochHolder): boolean => host !== hostname() || isAlive(holder)

function holderOf(path: string, epoch: number): EpochHolder | null {
  try {
    return JSON.parse(readFileSync(epochFile(path, epoch), 'utf8')) as EpochHolder
  } catch {
    return null
  }
}

const epochFile = (path: string, epoch: number): string => `${path}.epoch-${epoch}`

function epochsOf(path: string): readonly number[] {
  const prefix = `${basename(path)}.epoch-`
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
  return names.map((name) => Number(name.slice(prefix.length))).filter(Number.isSafeInteger)
}
