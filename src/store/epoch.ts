import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { TroupeError } from '../errors.ts'

/** Who took an epoch. */
export interface EpochHolder {
  readonly pid: number
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
}

/**
 * Takes the next epoch of a path: a number that grows with every holder and that no two can have, since its file is made
 * exclusively. A holder that has lost its lock finds a newer epoch and must write nothing.
 * @throws TroupeError LEASE_HELD when another took the same number at the same moment
 */
export function takeEpoch(path: string, nowMs: number): number {
  const epoch = newestEpoch(path) + 1
  const holder: EpochHolder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
  try {
    const file = openSync(epochFile(path, epoch), 'wx')
    writeSync(file, JSON.stringify(holder))
    closeSync(file)
  } catch (cause) {
    throw new TroupeError('LEASE_HELD', `another process took ${path} at the same moment`, { cause })
  }
  for (const old of epochsOf(path)) if (old < epoch) rmSync(epochFile(path, old), { force: true })
  return epoch
}

/** The newest epoch of a path; 0 when there was none. */
export const newestEpoch = (path: string): number => Math.max(0, ...epochsOf(path))

/** Who holds the newest epoch; null when nobody does or it cannot be read. */
export function holderOf(path: string): EpochHolder | null {
  try {
    return JSON.parse(readFileSync(epochFile(path, newestEpoch(path)), 'utf8')) as EpochHolder
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
