import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { directLauncher } from './direct-launcher.ts'
import { Forkserver } from './forkserver.ts'
import type { Launcher } from './launcher.ts'

/**
 * Starts programs from a fork server where Perl is there to run it (it is part of Debian's and macOS's base systems): a start
 * then costs the same however large this process is, and what was started dies with it. Elsewhere directly.
 */
export const openLauncher = (clock: Clock, environment: NodeJS.ProcessEnv = process.env): Launcher =>
  openForkserver(clock, environment) ?? directLauncher(clock)

function openForkserver(clock: Clock, environment: NodeJS.ProcessEnv): Launcher | null {
  const perl = findPerl(environment)
  return perl === null ? null : new Forkserver(perl, clock)
}

/** Path of the Perl that runs the fork server; null where there is none, or no use for it. */
export function findPerl(environment: Readonly<Record<string, string | undefined>>): string | null {
  if (process.platform === 'win32') return null
  const candidates = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'perl'))
  return candidates.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
