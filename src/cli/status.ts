import { systemClock } from '../clock.ts'
import { exitCodes, TroupeError } from '../errors.ts'
import { lastSignOf } from '../store/lease.ts'
import { findRun, type FoundRun } from './find-run.ts'
import { type RunReading, readRun } from './read-run.ts'
import { elsewhereText } from './runs-elsewhere.ts'
import { allRuns, runsTable } from './status/all-runs.ts'
import { statusJson, statusText, type ToldRun } from './status/one-run.ts'
import { standingOf } from './status/standing.ts'
import { watchRun } from './status/watch-run.ts'
import { type CommonOptions, type Terminal, wantsColour } from './terminal.ts'

interface StatusOptions extends CommonOptions {
  readonly watch: boolean
  readonly all: boolean
}

/** `troupe status`: where a run and its tasks stand, once or until its end, or the list of all runs, and where other worktrees have some. */
export async function statusCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: StatusOptions },
): Promise<number> {
  const { options } = input
  const [id] = input.arguments
  if (options.all) {
    if (options.watch || id !== undefined) throw new TroupeError('USAGE', '--all goes with no run and no --watch')
    return await tellAll(terminal, options)
  }
  const run = await findRun(terminal.directory, id)
  if (options.watch) return await watch(run, terminal, options)
  await tellOne(run, terminal, { ...options, brief: false })
  return exitCodes.ok
}

async function tellAll(terminal: Terminal, { json }: StatusOptions): Promise<number> {
  const { runs, elsewhere } = await allRuns(terminal.directory)
  if (json) {
    terminal.print(JSON.stringify({ schema: 'troupe/runs/1', runs, elsewhere }, null, 2))
    return exitCodes.ok
  }
  if (runs.length === 0) terminal.tell('there is no run here yet: troupe run starts one')
  else terminal.print(runsTable(runs))
  if (elsewhere.length > 0) terminal.tell(elsewhereText(elsewhere))
  return exitCodes.ok
}

interface TellOptions extends StatusOptions {
  readonly brief: boolean
}

async function tellOne(run: FoundRun, terminal: Terminal, options: TellOptions): Promise<void> {
  tell(run, await readRun(run), { terminal, ...options })
}

function tell(
  run: FoundRun,
  reading: RunReading,
  { terminal, json, brief }: Pick<TellOptions, 'json' | 'brief'> & { readonly terminal: Terminal },
): void {
  const told: ToldRun = { run, reading, now: lastHeardOf(run, reading) ?? systemClock.now() }
  const coloured = terminal.answersSeen && wantsColour(terminal)
  terminal.print(json ? JSON.stringify(statusJson(told), null, 2) : statusText(told, { coloured, brief }))
}

/** When a run that nobody carries out any more gave its last sign of life, in milliseconds since the epoch; null for every other run. */
function lastHeardOf({ files }: FoundRun, { state, history }: RunReading): number | null {
  const { supervisor, lastAt } = history
  if (supervisor === null || standingOf(state, history) !== 'unfinished') return null
  return Math.max(lastAt ?? 0, lastSignOf(files.lease, supervisor) ?? 0)
}

const signals = ['SIGINT', 'SIGTERM'] as const

async function watch(run: FoundRun, terminal: Terminal, options: StatusOptions): Promise<number> {
  // nothing is to come, and a clock that is drawn would go on
  const reading = await readRun(run)
  if (lastHeardOf(run, reading) !== null) {
    tell(run, reading, { terminal, json: options.json, brief: false })
    return exitCodes.unfinished
  }
  const interrupted = new AbortController()
  const onInterrupt = (): void => {
    interrupted.abort()
  }
  for (const name of signals) process.once(name, onInterrupt)
  try {
    const signal = AbortSignal.any([interrupted.signal, terminal.readerGone])
    const standing = await watchRun(run, { clock: systemClock, terminal, signal, shown: !options.json })
    if (interrupted.signal.aborted) return exitCodes.interrupted
    if (terminal.readerGone.aborted) return exitCodes.ok
    await tellOne(run, terminal, { ...options, brief: terminal.live && terminal.answersSeen })
    return standing === 'ended' ? exitCodes.ok : exitCodes.unfinished
  } finally {
    for (const name of signals) process.off(name, onInterrupt)
  }
}
