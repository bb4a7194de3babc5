import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { directLauncher } from './direct-launcher.ts'
import { Forkserver } from './forkserver.ts'
import type { Launcher } from './launcher.ts'

/** The first start may be the only one, and costs less than the fork server's own. */
const fewStarts = 2

/**
 * Starts programs the cheapest way there is: the first few directly, then from a fork server where Perl is there to run it
 * (it is part of Debian's and macOS's base systems). Both ways behave the same.
 */
export function openLauncher(clock: Clock, environment: NodeJS.ProcessEnv = process.env): Launcher {
  const direct = directLauncher(clock)
  let forkserver: Launcher | null = null
  let starts = 0
  return {
    start(order, listener) {
      starts += 1
      if (starts === fewStarts) forkserver = openForkserver(environment)
      return (forkserver ?? direct).start(order, listener)
    },
  }
}

function openForkserver(environment: NodeJS.ProcessEnv): Launcher | null {
  if (process.platform === 'win32') return null
  const perl = (environment['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'perl'))
    .find(isExecutable)
  return perl === undefined ? null : new Forkserver(perl)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
