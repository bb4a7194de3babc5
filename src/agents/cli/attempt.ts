import { stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Launcher, ProgramInput } from '../../processes/launcher.ts'
import { type Program, type ProgramEnd, runProgram } from '../../processes/program.ts'
import type { AgentContext, Assignment } from '../agent.ts'
import { changedSince } from '../changed-since.ts'
import { environmentOf, inheritedFrom } from '../command/environment.ts'
import { newResultPath, takeResult } from '../command/result-file.ts'
import { newTail, type Tail } from '../command/tail.ts'
import type { Verdict } from '../in-one-place.ts'
import type { OwnHome } from '../own-home.ts'
import type { Expected } from '../proof.ts'
import { promptOf } from '../task-prompt.ts'
import { Account } from './account.ts'
import { verdictOf } from './ending.ts'
import { JsonLines } from './json-lines.ts'
import type { CliOptions } from './options.ts'
import type { Preset, Settings } from './preset.ts'
import type { Sign } from './sign.ts'

/** What one attempt is about. */
export interface Attempt {
  readonly assignment: Assignment
  readonly preset: Preset
  readonly settings: Settings
  readonly options: CliOptions
  readonly expects: Expected
  readonly home: OwnHome
}

/** What it is carried out with. */
export interface Means {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly context: AgentContext
}

const toldPaths = 200
/** Some programs try again for ever, and say so: what they wait for is the governor's to wait for. */
const triesAgain = 8

/** Runs the program until it ends, and judges what came of it. */
export async function performAttempt(attempt: Attempt, means: Means): Promise<Verdict> {
  const { assignment, preset, expects, home } = attempt
  const { clock, context } = means
  const began = clock.monotonic()
  const since = (await stat(home.path)).ctimeMs
  const resultPath = newResultPath(home.path)
  const program = programOf(attempt, resultPath)
  const { account, errors, end } = await listen(program, attempt, means)
  const isStopped = context.signal.aborted
  const result = takeResult(resultPath)
  if (end.how === 'stopped' && isStopped)
    return { outcome: { how: 'cancelled', reason: messageOf(context.signal.reason) }, refusal: null }
  const { written, denied, usage } = account
  return verdictOf(
    {
      program,
      account,
      programEnd: end,
      status: end.how === 'exited' ? (preset.statusOfExit?.(end.code) ?? null) : null,
      lastError: errors.tellingLine(200),
      expects,
      changed: assignment.continued || (await changedSince(assignment.directory, since, written)),
      result,
      now: clock.now(),
    },
    {
      program: preset.name,
      exitCode: end.how === 'exited' ? end.code : null,
      durationMs: Math.round(clock.monotonic() - began),
      touched: [...new Set(written.map((path) => insideOf(assignment.directory, path)))].slice(0, toldPaths),
      ...(denied.length > 0 && { denied: denied.slice(0, toldPaths) }),
      ...(usage !== null && { usage }),
    },
  )
}

interface Heard {
  readonly account: Account
  readonly errors: Tail
  readonly end: ProgramEnd
}

/** Gives the program its prompt, whose end it waits for, and hears what it tells. */
async function listen(program: Program, { assignment, preset, expects }: Attempt, means: Means): Promise<Heard> {
  const { clock, launcher, context } = means
  const account = new Account()
  const errors = newTail()
  const hear = (signs: readonly Sign[]): void => {
    for (const sign of signs) tell(sign, account, { context, directory: assignment.directory })
  }
  const stray = (line: string): void => {
    context.output(`${line}\n`)
    hear(preset.straySigns?.(line) ?? [])
  }
  const givenUp = new AbortController()
  const event = (value: object): void => {
    hear(preset.signs(value))
    if (account.againCount >= triesAgain) givenUp.abort()
  }
  const lines = new JsonLines({ event, stray })
  const errorLines = new JsonLines({ event: (event) => stray(JSON.stringify(event)), stray })
  const end = await runProgram(program, {
    clock,
    launcher,
    signal: AbortSignal.any([context.signal, givenUp.signal]),
    graceMs: context.graceMs,
    started: context.started,
    input: (input: ProgramInput) => {
      input.write(Buffer.from(`${promptOf(assignment, expects)}\n`))
      input.end()
    },
    output(chunk, source) {
      if (source === 'stdout') return lines.receive(chunk)
      errors.add(chunk)
      errorLines.receive(chunk)
    },
  })
  lines.close()
  errorLines.close()
  return { account, errors, end }
}

/** Writes a sign down, shows it, and lets the supervisor know of files before others write them, where they are told. */
function tell(
  sign: Sign,
  account: Account,
  { context, directory }: { context: AgentContext; directory: string },
): void {
  const show = ({ log, progress }: ReturnType<Account['hear']>): void => {
    if (log !== '') context.output(log)
    if (progress !== null) context.progress(progress)
  }
  show(account.hear(sign))
  if (sign.type === 'usage') context.used(sign.usage)
  if (sign.type !== 'tool' || sign.status !== 'began') return
  const paths = (sign.writes ?? []).map((path) => insideOf(directory, path)).filter(isInside)
  if (paths.length === 0) return
  void context.mayWrite(paths).then(
    (answer) => {
      if (!answer.allowed) show(account.deny(`${answer.reason}, and was written all the same`))
    },
    () => {}, // it is being stopped
  )
}

function programOf({ assignment, preset, settings, options, home }: Attempt, resultPath: string): Program {
  return {
    argv: [...(options.argv ?? [preset.name]), ...preset.argv(settings), ...options.arguments],
    shell: false,
    directory: assignment.directory,
    env: environmentOf({
      inherited: inheritedFrom(process.env, options.inheritEnv),
      agent: { ...preset.env(settings, home.path), ...home.env, ...options.env },
      assignment,
      resultPath,
    }),
  }
}

const insideOf = (directory: string, path: string): string => relative(directory, resolve(directory, path))

const isInside = (path: string): boolean => path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
