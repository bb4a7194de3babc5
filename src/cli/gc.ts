import { openRepository } from '../changes/repository.ts'
import { systemClock } from '../clock.ts'
import { exitCodes, messageOf, TroupeError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import { parseDuration } from '../plan/duration.ts'
import { type Collected, collectRun, wouldCollect } from './gc/collect-run.ts'
import { bytesOf, gcText } from './gc/gc-text.ts'
import { type RunSurvey, surveyRuns } from './gc/survey-runs.ts'
import { elsewhereText, uncertainText } from './runs-elsewhere.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface GcOptions extends CommonOptions {
  readonly dryRun: boolean
  readonly unfinished: boolean
  readonly unapplied: boolean
  readonly olderThan?: string
}

/** `troupe gc`: takes away what dead runs have left, and whole runs that are old enough; never work that is sealed nowhere. */
export async function gcCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: GcOptions },
): Promise<number> {
  const { dryRun, unfinished, unapplied, json, olderThan } = input.options
  const olderThanMs = olderThan === undefined ? null : ageOf(olderThan)
  if (unapplied && olderThanMs === null)
    throw new TroupeError('USAGE', '--unapplied goes with --older-than: it says which of the old runs go')
  const repository = await openRepository(terminal.directory)
  const survey = await surveyRuns(repository)
  const rules = { olderThanMs, unfinished, unapplied }
  const parts = { repository, clock: systemClock, rules, remainsOf: survey.remainsOf }
  const collect = dryRun ? wouldCollect : collectRun
  const all: Collected[] = []
  const failures: Failure[] = []
  for (const run of chosen(survey, input.arguments[0])) {
    try {
      all.push(await collect(parts, run))
    } catch (error) {
      failures.push({ run, message: messageOf(error) })
    }
  }
  const { elsewhere, uncertain } = survey
  const outcome: Outcome = { all, failures, elsewhere, uncertain }
  if (json) terminal.print(asJson(outcome, dryRun))
  else tell(terminal, outcome, dryRun)
  return failures.length === 0 ? exitCodes.ok : exitCodes.unfinished
}

/** What came of a collection. */
interface Outcome extends Pick<RunSurvey, 'elsewhere' | 'uncertain'> {
  readonly all: readonly Collected[]
  readonly failures: readonly Failure[]
}

/** A run whose remains could not be taken away. */
interface Failure {
  readonly run: RunId
  readonly message: string
}

function ageOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new TroupeError('USAGE', `--older-than ${text} is no age: 12h and 30d are`)
  return ms
}

function chosen(survey: RunSurvey, beginning: string | undefined): readonly RunId[] {
  const { runs } = survey
  if (beginning === undefined) return runs
  const [run, another] = runs.filter((id) => id.startsWith(beginning))
  if (run === undefined) throw notHere(survey, beginning)
  if (another !== undefined)
    throw new TroupeError('RUN_NOT_FOUND', `several runs begin with ${beginning}: ${run}, ${another}`)
  return [run]
}

function notHere({ elsewhere, uncertain }: RunSurvey, beginning: string): TroupeError {
  const isMeant = (id: RunId): boolean => id.startsWith(beginning)
  const having = elsewhere.filter(({ runs }) => runs.some(isMeant))
  const unsure = { ...uncertain, runs: uncertain.runs.filter(isMeant) }
  const where = [elsewhereText(having), uncertainText(unsure)].filter((line) => line !== '')
  const here = where.length === 0 ? '' : ' here'
  return new TroupeError('RUN_NOT_FOUND', [`nothing is left of a run ${beginning}${here}`, ...where].join('\n'))
}

function tell(terminal: Terminal, { all, failures, elsewhere, uncertain }: Outcome, dryRun: boolean): void {
  for (const { run, message } of failures) terminal.tell(`${run}  could not be collected: ${message}`)
  const text = gcText(all, { dryRun, failed: failures.length })
  if (text !== '') terminal.print(text)
  for (const line of [elsewhereText(elsewhere), uncertainText(uncertain)]) if (line !== '') terminal.tell(line)
}

function asJson({ all, failures, ...others }: Outcome, dryRun: boolean): string {
  const runs = all.map((one) => ({ ...one.remains, ...one.collection, freed: bytesOf(one) }))
  return JSON.stringify({ schema: 'troupe/gc/1', dryRun, runs, failures, ...others }, null, 2)
}
