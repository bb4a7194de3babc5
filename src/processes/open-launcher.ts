import type { Clock } from '../clock.ts'
import { directLauncher } from './direct-launcher.ts'
import { findPerl } from './find-perl.ts'
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
