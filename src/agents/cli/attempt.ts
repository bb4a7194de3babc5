import { relative, resolve } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { Program } from '../../processes/program.ts'
import { changedSince, momentIn } from '../changed-since.ts'
import { environmentOf, inheritedFrom } from '../command/environment.ts'
import { newResultPath, takeResult } from '../command/result-file.ts'
import type { Verdict } from '../in-one-place.ts'
import { converse } from './conversation.ts'
import { verdictOf } from './ending.ts'
import type { Attempt, Means } from './order.ts'

const toldPaths = 200

/** Runs the program until it ends, and judges what came of it. */
export async function performAttempt(attempt: Attempt, means: Means): Promise<Verdict> {
  const { assignment, preset, expects, home } = attempt
  const { clock, context } = means
  const began = clock.monotonic()
  const since = await momentIn(home.path)
  const resultPath = newResultPath(home.path)
  const program = programOf(attempt, resultPath)
  const { account, errors, end, isRefusalTold, hasLingered } = await converse(program, attempt, means)
  const isStopped = context.signal.aborted
  const result = await takeResult(resultPath)
  if (end.how === 'stopped' && isStopped)
    return { outcome: { how: 'cancelled', reason: messageOf(context.signal.reason) }, refusal: null }
  const { written, denied, usage } = account
  const verdict = verdictOf(
    {
      program,
      account,
      programEnd: end,
      hasLingered,
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
  return { ...verdict, isTold: isRefusalTold }
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
