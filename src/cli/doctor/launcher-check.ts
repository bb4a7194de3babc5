import { systemClock } from '../../clock.ts'
import { identityOf, isAlive } from '../../process-identity.ts'
import { Forkserver } from '../../processes/forkserver.ts'
import type { ProgramExit } from '../../processes/launcher.ts'
import { findPerl } from '../../processes/find-perl.ts'
import { killProcesses } from '../../processes/sweep.ts'
import { type Check, fine, warning } from './check.ts'

const name = 'fork server'

/** The fork server, tried with a program that leaves a daemon behind. Without it programs are started directly, which works as well. */
export async function checkLauncher(environment: Readonly<Record<string, string | undefined>>): Promise<Check> {
  const perl = findPerl(environment)
  if (perl === null) {
    const found = 'no perl: programs start directly, and outlive a killed run until troupe resume ends them'
    return { name, state: 'optional', found, todo: null }
  }
  const { exit, daemon } = await startOne(perl)
  if (exit.how !== 'exited') {
    return warning(name, `${perl} does not run it`, 'repair this perl, or take it off the PATH')
  }
  if (daemon !== null && isAlive(daemon)) {
    await killProcesses([daemon], systemClock)
    return fine(name, `${perl}: programs start cheaply and die with their run; daemons that they leave do not`)
  }
  return fine(
    name,
    `${perl}: programs start cheaply and die with their run, ${daemon === null ? 'as groups' : 'daemons too'}`,
  )
}

interface Tried {
  readonly exit: ProgramExit
  /** Null where there is no setsid to make one. */
  readonly daemon: ReturnType<typeof identityOf> | null
}

const leavesDaemon = 'command -v setsid >/dev/null || exit 0; (setsid sleep 60 >/dev/null 2>&1 & echo $!)'

async function startOne(perl: string): Promise<Tried> {
  const { promise, resolve } = Promise.withResolvers<ProgramExit>()
  let said = ''
  const order = {
    argv: ['/bin/sh', '-c', leavesDaemon],
    directory: process.cwd(),
    environment: { PATH: process.env['PATH'] ?? '' },
  }
  new Forkserver(perl, systemClock).start(order, {
    started: () => {},
    output: (chunk) => {
      said += Buffer.from(chunk).toString()
    },
    ended: resolve,
  })
  const exit = await promise
  return { exit, daemon: said === '' ? null : identityOf(Number(said), 0) }
}
