import { messageOf } from '../../errors.ts'
import type { Clock } from '../../clock.ts'
import type { Agent, AgentContext, Assignment, Outcome } from '../agent.ts'
import type { OwnHome } from '../own-home.ts'
import { inSandboxAtHome } from '../sandbox/sandbox.ts'
import { Dialogue } from './dialogue.ts'
import { environmentOf, inheritedFrom } from './environment.ts'
import { type BadEnd, failureOf, nameOf } from './failure.ts'
import type { CommandOptions } from './options.ts'
import type { Launcher } from '../../processes/launcher.ts'
import { type Program, type ProgramEnd, runProgram } from '../../processes/program.ts'
import type { ResultReading } from './read-result.ts'
import { newResultPath, takeResult } from './result-file.ts'
import { newTail, type Tail } from './tail.ts'

type GoodEnd = Extract<ProgramEnd, { readonly how: 'exited' }>

const summaryLimit = 400
const lineLimit = 200

/**
 * The agent that runs a program: the task's command, else `options.argv`.
 *
 * Exit codes in `successExitCodes` complete; every other is a failure of kind `agent`, a signal of kind `crash`, a program that cannot
 * start of kind `infrastructure`. A program may write a summary and findings as JSON to the path in TROUPE_RESULT.
 */
export function commandAgent(clock: Clock, launcher: Launcher): Agent {
  const inherited = inheritedOnce()
  return async (assignment, context) => {
    const cancelled = (): Outcome => ({ how: 'cancelled', reason: messageOf(context.signal.reason) })
    if (context.signal.aborted) return cancelled()
    const options = assignment.options as CommandOptions
    const base = await launcherFor(options, { clock, launcher })
    return await inSandboxAtHome({ choice: options, assignment, context, launcher: base }, async (inside, home) => {
      const given = { inherited: inherited(options.inheritEnv), home, resultPath: newResultPath(home?.path) }
      const program = programOf(assignment, options, given)
      const place = await context.place()
      const dialogue = options.pty === false ? null : new Dialogue(options.answers)
      const ran = await watched(program, context, { clock, launcher: inside, dialogue }).finally(() =>
        place.release({ how: 'ok' }),
      )
      const result = await takeResult(given.resultPath)
      const { end } = ran
      if (end.how === 'stopped') return cancelled()
      if (end.how === 'exited' && options.successExitCodes.includes(end.code)) {
        return completed(program, { ...ran, end }, result)
      }
      return failed(program, { ...ran, end }, result)
    })
  }
}

interface Surroundings {
  readonly resultPath: string
  readonly inherited: Readonly<Record<string, string>>
  /** Of its own; null where it has its user's. */
  readonly home: OwnHome | null
}

function programOf(assignment: Assignment, options: CommandOptions, given: Surroundings): Program {
  return {
    argv: assignment.command ?? options.argv ?? [],
    shell: options.shell,
    directory: assignment.directory,
    env: environmentOf({ ...given, agent: { ...given.home?.env, ...options.env }, assignment }),
  }
}

/** Reading the environment is slow and it does not change: once for each list of names. */
function inheritedOnce(): (inherit: 'all' | readonly string[] | undefined) => Readonly<Record<string, string>> {
  const known = new Map<string, Readonly<Record<string, string>>>()
  return (inherit) => {
    const key = JSON.stringify(inherit ?? null)
    const found = known.get(key) ?? inheritedFrom(process.env, inherit)
    known.set(key, found)
    return found
  }
}

interface Ran<End extends ProgramEnd> {
  readonly end: End
  readonly durationMs: number
  /** Both outputs, as they came. */
  readonly all: Tail
  readonly errors: Tail
}

interface Means {
  readonly clock: Clock
  readonly launcher: Launcher
}

/** The addon for terminals is loaded only where one is asked for. */
async function launcherFor({ pty }: CommandOptions, { clock, launcher }: Means): Promise<Launcher> {
  if (pty === false) return launcher
  const { ptyLauncher } = await import('../../processes/pty-launcher.ts')
  return ptyLauncher(clock, pty === true ? { columns: 120, rows: 40 } : pty)
}

interface Watching extends Means {
  /** Null where the program has no terminal. */
  readonly dialogue: Dialogue | null
}

async function watched(program: Program, context: AgentContext, means: Watching): Promise<Ran<ProgramEnd>> {
  const { clock, launcher, dialogue } = means
  const began = clock.monotonic()
  const all = newTail()
  const errors = newTail()
  let shown: string | null = null
  const end = await runProgram(program, {
    clock,
    launcher,
    signal: context.signal,
    graceMs: context.graceMs,
    started: context.started,
    ...(dialogue !== null && { input: (input) => dialogue.open(input) }),
    output(printed, source) {
      const chunk = dialogue === null ? printed : Buffer.from(dialogue.hear(printed))
      context.output(chunk)
      all.add(chunk)
      if (source === 'stderr') errors.add(chunk)
      const line = all.lastLine(lineLimit)
      if (line === null || line === shown) return
      shown = line
      context.progress(line)
    },
  })
  return { end, durationMs: clock.monotonic() - began, all, errors }
}

function completed(program: Program, ran: Ran<GoodEnd>, result: ResultReading): Outcome {
  const said = result.how === 'read' ? result.summary : null
  const lines = ran.all.lastLines(summaryLimit)
  return {
    how: 'completed',
    summary: said ?? (lines || `${nameOf(program)} exited with ${ran.end.code} and said nothing`),
    findings: result.how === 'read' ? result.findings : [],
    details: detailsOf(ran, result),
  }
}

function failed(program: Program, ran: Ran<BadEnd>, result: ResultReading): Outcome {
  const lastLine = ran.errors.tellingLine(lineLimit) ?? ran.all.tellingLine(lineLimit)
  // a failure has no findings of its own, yet what was found is worth keeping
  const reported = result.how === 'read' ? { summary: result.summary, findings: result.findings } : null
  return {
    how: 'failed',
    failure: failureOf(ran.end, program, lastLine),
    details: { ...detailsOf(ran, result), ...(reported && { reported }) },
  }
}

function detailsOf({ end, durationMs }: Ran<BadEnd>, result: ResultReading): Record<string, unknown> {
  return {
    exitCode: end.how === 'exited' ? end.code : null,
    signal: end.how === 'signalled' ? end.signal : null,
    durationMs: Math.round(durationMs),
    ...(result.how === 'unusable' && { resultProblem: result.why }),
    ...(result.how === 'read' && result.usage !== null && { usage: result.usage }),
  }
}
