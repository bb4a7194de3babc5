import { findPerl } from './find-perl.ts'
import { hasNul } from './forkserver-requests.ts'
import { runDirectly } from './direct-tool.ts'
import type { RunTool } from './tool.ts'
import { Toolserver } from './toolserver.ts'

/** To start a server costs as much as so many tools. */
const fewTools = 8

/**
 * Runs the first few tools directly and the others from a tool server, where a working Perl is there to run it: a command that asks git
 * two questions needs no server, and a run that asks thousands does not copy its memory's map for each.
 */
export function openToolRunner(environment: NodeJS.ProcessEnv = process.env): RunTool {
  let server: Toolserver | null | undefined
  let ran = 0
  return async (tool) => {
    ran += 1
    if (ran <= fewTools || hasNul(tool)) return await runDirectly(tool)
    if (server === undefined) {
      const perl = findPerl(environment)
      server = perl === null ? null : new Toolserver(perl)
    }
    if (server === null) return await runDirectly(tool)
    const asked = server
    const end = await asked.run(tool)
    if (end.exit.how !== 'launcher-died' || asked.hasAnswered) return end
    server = null // a Perl that does not work
    return await runDirectly(tool)
  }
}

/** The tools of this thread share one server. */
export const runTool: RunTool = openToolRunner()
