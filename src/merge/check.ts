import type { Clock } from '../clock.ts'
import { unreachable } from '../errors.ts'
import type { ProgramEnd } from '../processes/program.ts'
import { misleading, unattended } from '../processes/unattended.ts'
import { newOutputTail } from './output-tail.ts'
import type { ProposalRequest } from './proposal-request.ts'
import type { CheckResult, Verdict } from './proposal.ts'

/** A check as the manifest declares it. */
export type Check = ProposalRequest['checks'][number]

/** Runs a command, with stdin closed, until it and everything it started has ended; never rejects. */
export type RunCommand = (
  command: {
    readonly argv: readonly string[]
    readonly directory: string
    readonly env: Readonly<Record<string, string>>
  },
  watch: { readonly signal: AbortSignal; readonly output: (chunk: Uint8Array) => void },
) => Promise<ProgramEnd>

/** Keeps the output of one run of a command, within bounds. */
export interface CheckLog {
  write(chunk: Uint8Array): void
  /** Where it can be read; null when nothing was kept. */
  close(): string | null
}

/** What checks run with. */
export interface CheckWorld {
  readonly clock: Clock
  /** Aborts when the checks must stop. */
  readonly signal: AbortSignal
  readonly runCommand: RunCommand
  /** The variables of Troupe itself. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Opens a log for the next run of a command; without it none is kept. */
  readonly openLog?: () => CheckLog
}

const tailBytes = 64 * 1024

/** Runs the checks one after the other in a folder; a failure does not keep later ones from running. */
export async function runChecks(
  world: CheckWorld,
  checks: readonly Check[],
  directory: string,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) results.push(await runCheck(world, check, directory))
  return results
}

/** The result of a check that could not be run. */
export function notRun({ name, command }: Check, reason: string): CheckResult {
  return { ...unseen({ name, command }), verdict: 'not-run', reason }
}

/** The result of a check that passed before, on the same tree. */
export function passedBefore(check: Pick<Check, 'name' | 'command'>): CheckResult {
  return { ...unseen(check), verdict: 'pass', reason: null, cached: true }
}

const unseen = ({ name, command }: Pick<Check, 'name' | 'command'>) =>
  ({ name, command, exitCode: null, durationMs: 0, outputTail: '', log: null, cached: false }) as const

/** pass: every check passed; fail: one failed; not-run: there is none, or one could not run and none failed. */
export function overallVerdict(checks: readonly CheckResult[]): Verdict {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return checks.length > 0 && checks.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'not-run'
}

/** Whether a check could not run and none failed. */
export const isUnchecked = (checks: readonly CheckResult[]): boolean =>
  checks.length > 0 && overallVerdict(checks) === 'not-run'

/** Runs one check in a folder. */
export async function runCheck(world: CheckWorld, check: Check, directory: string): Promise<CheckResult> {
  const { name, command, timeoutMs } = check
  if (world.signal.aborted) return notRun(check, 'stopped before it began')
  const tail = newOutputTail(tailBytes)
  const log = world.openLog?.()
  const tooLong = new AbortController()
  const cancel =
    timeoutMs === null
      ? null
      : world.clock.after(timeoutMs, () => {
          tooLong.abort()
        })
  const output = (chunk: Uint8Array): void => {
    tail.add(chunk)
    log?.write(chunk)
  }
  const startedMs = world.clock.monotonic()
  const end = await world.runCommand(
    { argv: command, directory, env: checkEnvironment(world.environment) },
    { signal: AbortSignal.any([world.signal, tooLong.signal]), output },
  )
  cancel?.()
  const durationMs = Math.round(world.clock.monotonic() - startedMs)
  const judgement = end.how === 'stopped' && tooLong.signal.aborted ? tookTooLong(timeoutMs) : judge(end, command)
  const kept = { outputTail: tail.text(), log: log?.close() ?? null }
  return { name, command, ...judgement, durationMs, ...kept, cached: false }
}

type Judgement = Pick<CheckResult, 'verdict' | 'reason' | 'exitCode'>

const tookTooLong = (timeoutMs: number | null): Judgement => ({
  verdict: 'fail',
  reason: `took longer than ${(timeoutMs ?? 0) / 1000} s`,
  exitCode: null,
})

function judge(end: ProgramEnd, command: readonly string[]): Judgement {
  switch (end.how) {
    case 'exited':
      return judgeExit(end.code, command)
    case 'signalled':
      return { verdict: 'fail', reason: `killed by ${end.signal}`, exitCode: null }
    case 'stopped':
      return { verdict: 'not-run', reason: 'stopped before its end', exitCode: null }
    case 'launcher-died':
      return { verdict: 'not-run', reason: 'what had started it died', exitCode: null }
    case 'not-started':
      return { verdict: 'not-run', reason: `cannot start ${command[0]}: ${end.code}`, exitCode: null }
    default:
      return unreachable(end)
  }
}

function judgeExit(exitCode: number, command: readonly string[]): Judgement {
  if (exitCode === 0) return { verdict: 'pass', reason: null, exitCode }
  // a shell's own words for a command that is not there or may not be executed
  if (isShell(command) && exitCode === 127) return { verdict: 'not-run', reason: 'command not found', exitCode }
  if (isShell(command) && exitCode === 126) return { verdict: 'not-run', reason: 'cannot be executed', exitCode }
  return { verdict: 'fail', reason: `exit code ${exitCode}`, exitCode }
}

const isShell = ([program, option]: readonly string[]): boolean =>
  /(?:^|\/)(?:sh|bash|dash|zsh)$/.test(program ?? '') && option === '-c'

/** A check sees what a person's shell would, but nothing that points git at another repository, and nobody to answer it. */
function checkEnvironment(inherited: CheckWorld['environment']): Record<string, string> {
  const kept = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !misleading.has(entry[0]),
  )
  return { ...Object.fromEntries(kept), ...unattended }
}
