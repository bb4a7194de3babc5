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
  readonly html?: boolean
}

/** One question with what is needed to answer it. */
export interface Showing {
  readonly terminal: Terminal
  readonly run: FoundRun
  readonly reading: RunReading
  readonly json: boolean
}

/** Which one thing is asked for. Throws TroupeError USAGE when it is not one. */
export function subjectOf(options: ShowOptions): Subject {
  const { conflict, task } = options
  const what = askedFor(options)
  if (task === undefined) {
    if (what === 'log' || what === 'snapshot') throw new TroupeError('USAGE', `--${what} needs --task`)
    return conflict === undefined ? { of: 'run', what } : { of: 'run', what, conflict }
  }
  if (what === 'conflicts' || what === 'findings' || what === 'html')
    throw new TroupeError('USAGE', `--${what} goes with no --task`)
  return { of: 'task', task, what }
}

const parts = ['conflicts', 'findings', 'log', 'diff', 'snapshot', 'html'] as const

function askedFor(options: ShowOptions): 'all' | (typeof parts)[number] {
  const { conflict, conflicts, html = false, json } = options
  const asks = { ...options, conflicts: conflicts || conflict !== undefined }
  const asked = parts.filter((name) => asks[name] === true)
  if (asked.length > 1) throw new TroupeError('USAGE', `only one of ${asked.map((name) => `--${name}`).join(' and ')}`)
  if (html && json) throw new TroupeError('USAGE', 'only one of --html and --json')
  return asked[0] ?? 'all'
}

/** What is to be shown. */
export type Subject =
  | {
      readonly of: 'run'
      readonly what: 'all' | 'conflicts' | 'findings' | 'diff' | 'html'
      readonly conflict?: number
    }
  | { readonly of: 'task'; readonly task: string; readonly what: 'all' | 'log' | 'diff' | 'snapshot' }
