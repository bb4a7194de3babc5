import { TroupeError } from '../../errors.ts'
import type { CommonOptions, Terminal } from '../terminal.ts'
import type { FoundRun } from '../find-run.ts'
import type { RunReading } from '../read-run.ts'

/** What `troupe show` can be asked. */
export interface ShowOptions extends CommonOptions {
  readonly conflicts: boolean
  /** From 1. */
  readonly conflict?: number
  readonly findings: boolean
  readonly task?: string
  readonly log: boolean
  readonly diff: boolean
  readonly snapshot?: boolean
}

/** One question with what is needed to answer it. */
export interface Showing {
  readonly terminal: Terminal
  readonly run: FoundRun
  readonly reading: RunReading
  readonly json: boolean
}

/** Which one thing is asked for. Throws TroupeError USAGE when it is not one. */
export function subjectOf({ conflict, conflicts, findings, log, diff, snapshot = false, task }: ShowOptions): Subject {
  const asked = Object.entries({
    conflicts: conflicts || conflict !== undefined,
    findings,
    log,
    diff,
    snapshot,
  }).flatMap(([name, isAsked]) => (isAsked ? [name] : []))
  const [what = 'all'] = asked
  if (asked.length > 1) throw new TroupeError('USAGE', `only one of ${asked.map((name) => `--${name}`).join(' and ')}`)
  if (task === undefined) {
    if (what === 'log' || what === 'snapshot') throw new TroupeError('USAGE', `--${what} needs --task`)
    const asRun = { of: 'run', what: what as 'all' | 'conflicts' | 'findings' | 'diff' } as const
    return conflict === undefined ? asRun : { ...asRun, conflict }
  }
  if (what === 'conflicts' || what === 'findings') throw new TroupeError('USAGE', `--${what} goes with no --task`)
  return { of: 'task', task, what: what as 'all' | 'log' | 'diff' | 'snapshot' }
}

/** What is to be shown. */
export type Subject =
  | { readonly of: 'run'; readonly what: 'all' | 'conflicts' | 'findings' | 'diff'; readonly conflict?: number }
  | { readonly of: 'task'; readonly task: string; readonly what: 'all' | 'log' | 'diff' | 'snapshot' }
