import { findPerl } from './find-perl.ts'
import { hasNul } from './forkserver-requests.ts'
import { runDirectly } from './direct-tool.ts'
import type { RunTool } from './tool.ts'
import { Toolserver } from './toolserver.ts'

/** To start a server costs as much as so many tools. */
const fewTools = 3

/** Runs tools by whichever way is the cheaper one. */
export interface ToolRunner {
  readonly run: RunTool
  /** Has the server there before it is asked for: for whoever will run many tools. */
  prepare(): void
}

/**
 * Runs the first few tools directly and the others from a tool server, where a working Perl is there to run it: a command that asks git
 * two questions needs no server, and a run that asks thousands does not copy its memory's map for each.
 */
export function openToolRunner(environment: NodeJS.ProcessEnv = process.env): ToolRunner {
  let server: Toolserver | null | undefined
  let ran = 0
  const serverOrNull = (): Toolserver | null => {
    if (server !== undefined) return server
    const perl = findPerl(environment)
    return (server = perl === null ? null : new Toolserver(perl))
  }
  return {
    async run(tool) {
      ran += 1
      const asked = hasNul(tool) || (server === undefined && ran <= fewTools) ? null : serverOrNull()
      if (asked === null) return await runDirectly(tool)
      const end = await asked.run(tool)
      if (end.exit.how !== 'launcher-died' || asked.hasAnswered) return end
      server = null // a Perl that does not work
      return await runDirectly(tool)
    },
    prepare() {
      serverOrNull()?.prepare()
    },
  }
}

/** The tools of this thread share one server. */
export const tools: ToolRunner = openToolRunner()
