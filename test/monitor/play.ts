import type { ProcessIdentity } from '../../src/process-identity.ts'
import { kinds } from '../../src/agents/registry.ts'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { asCommitId, asRunId, asTaskId } from '../../src/ids.ts'
import type { Conflict } from '../../src/merge/conflict.ts'
import { buildGraph } from '../../src/plan/graph.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import type { Manifest } from '../../src/plan/task.ts'
import { decide } from '../../src/supervisor/run/decide.ts'
import type { AttemptEnd, Recorded, RunEvent } from '../../src/supervisor/run/events.ts'
import type { RunRules } from '../../src/supervisor/run/rules.ts'
import { rulesOf } from '../../src/supervisor/run/run-rules.ts'
import { initialState, type RunState } from '../../src/supervisor/run/state.ts'
import { taskAt } from '../../src/supervisor/run/task-change.ts'

export const run = asRunId('20260101-120000-0a1b2c3d')
export const noon = Date.UTC(2026, 0, 1, 12)

/** Plays a run event by event, for whoever watches. */
export class Play {
  readonly manifest: Manifest
  readonly rules: RunRules
  readonly records: Recorded[] = []
  readonly #text: string
  #state: RunState
  #watch: (recorded: Recorded, state: RunState) => void
  now = noon

  constructor(text: string, watch: (recorded: Recorded, state: RunState) => void = () => {}) {
    const reading = readManifest(text, { kinds })
    if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes))
    this.#text = text
    this.#watch = watch
    this.manifest = reading.value
    this.rules = rulesOf(this.manifest, buildGraph(this.manifest.tasks))
    this.#state = initialState(this.rules)
  }

  get state(): RunState {
    return this.#state
  }

  happened(event: RunEvent): this {
    const recorded = { at: this.now, event }
    this.records.push(recorded)
    this.#state = decide(this.rules, this.#state, recorded)[0]
    this.#watch(recorded, this.#state)
    return this
  }

  start(process: ProcessIdentity = { pid: 1, group: 1, startTime: 0 }, base = '0'.repeat(40)): this {
    return this.happened({ type: 'run-started', run, base: asCommitId(base), manifest: this.#text, process })
  }

  begin(...tasks: readonly string[]): this {
    for (const task of tasks)
      this.happened({ type: 'attempt-started', task: asTaskId(task), attempt: this.#attempt(task), host: 'async' })
    return this
  }

  done(task: string, summary: string, changeSet: ChangeSet | null = null): this {
    return this.#end(task, { how: 'completed', summary, findings: [], details: {}, changeSet })
  }

  fail(task: string, message: string): this {
    const failure = { kind: 'agent', message, signature: message } as const
    return this.#end(task, { how: 'failed', failure, details: {}, changeSet: null })
  }

  conflict(...conflicts: readonly Conflict[]): this {
    return this.happened({ type: 'conflict-found', conflicts })
  }

  #end(task: string, end: AttemptEnd): this {
    return this.happened({ type: 'attempt-ended', task: asTaskId(task), attempt: this.#attempt(task), end, chance: 0 })
  }

  #attempt(task: string): number {
    const index = this.rules.indexOf.get(asTaskId(task))
    if (index === undefined) throw new Error(`no task ${task}`)
    return taskAt(this.#state, index).tally.attempts
  }
}

/** A manifest of tasks for the local agent: an id, or an id and what it needs. */
export function manifestOf(tasks: readonly string[], retries = 2): string {
  const lines = tasks.map((task) => {
    const [id, ...needs] = task.split(' ')
    return `  - { id: ${id}, verb: review, needs: [${needs.join(', ')}], retries: ${retries} }`
  })
  return `version: 1\ntasks:\n${lines.join('\n')}\n`
}

/** A content conflict in src/a.ts. */
export function conflictOf(ours: string, theirs: string): Conflict {
  const message = `${ours} (line 3) and ${theirs} (line 3) changed the same part of src/a.ts.`
  return { kind: 'content', file: 'src/a.ts', ours: asTaskId(ours), theirs: asTaskId(theirs), places: [], message }
}
