import { Forkserver } from '../../processes/forkserver.ts'
import type { ProgramExit } from '../../processes/launcher.ts'
import { findPerl } from '../../processes/open-launcher.ts'
import { type Check, fine, warning } from './check.ts'

const name = 'fork server'

/** The fork server, tried with a program that does nothing. Without it programs are started directly, which works as well. */
export async function checkLauncher(environment: Readonly<Record<string, string | undefined>>): Promise<Check> {
  const perl = findPerl(environment)
  if (perl === null) {
    return { name, state: 'optional', found: 'no perl: programs start directly, and outlive a killed run', todo: null }
  }
  const exit = await startOne(perl)
  return exit.how === 'exited' && exit.code === 0
    ? fine(name, `${perl}: programs start cheaply and die with their run`)
    : warning(name, `${perl} does not run it`, 'repair this perl, or take it off the PATH')
}

function startOne(perl: string): Promise<ProgramExit> {
  const { promise, resolve } = Promise.withResolvers<ProgramExit>()
  const order = { argv: [process.execPath, '--version'], directory: process.cwd(), environment: {} }
  new Forkserver(perl).start(order, { started: () => {}, output: () => {}, ended: resolve })
  return promise
}
