import { readdirSync, readFileSync } from 'node:fs'
import { kinds } from '../../src/agents/registry.ts'
import { must } from '../../src/errors.ts'
import { asAgentName, asRunId, asTaskId } from '../../src/ids.ts'
import type { ProcessIdentity } from '../../src/process-identity.ts'
import type { Agent, AgentContext, Assignment, Outcome } from '../../src/agents/agent.ts'
import type { Usage } from '../../src/agents/usage.ts'
import { until } from '../until.ts'

/** What an agent did while it was watched. */
export interface Performance {
  readonly outcome: Outcome
  readonly output: string
  readonly progress: readonly string[]
  readonly processes: readonly ProcessIdentity[]
  readonly used: readonly Usage[]
}

/** How to watch: stop at the first output or progress, how politely, and what else to do with output. */
export interface Direction {
  readonly stopAtFirstSign?: string
  readonly signal?: AbortSignal
  readonly graceMs?: number
  readonly onOutput?: (chunk: string | Uint8Array) => void
  /** By default every write is allowed and every place there at once. */
  readonly mayWrite?: AgentContext['mayWrite']
  readonly place?: AgentContext['place']
}

type Given = Partial<Assignment> & Pick<Assignment, 'directory'>

/** An assignment with everything but what a test is about; the kind reads the options, as in a run, unless it is one that no manifest knows. */
export function assignment(kind: string | null, { options = {}, ...given }: Given): Assignment {
  return {
    run: asRunId('20260101-000000-00000000'),
    task: asTaskId('a-task'),
    attempt: 2,
    agent: asAgentName('somebody'),
    verb: 'review',
    prompt: null,
    command: null,
    files: [],
    owns: null,
    env: {},
    options: kind === null ? options : must(kinds, kind).options.parse(options),
    continued: false,
    timeoutMs: null,
    rebased: null,
    ...given,
  }
}

/** Lets an agent do an assignment and writes down what it did. */
export async function perform(agent: Agent, what: Assignment, direction: Direction = {}): Promise<Performance> {
  const controller = new AbortController()
  const output: string[] = []
  const progress: string[] = []
  const processes: ProcessIdentity[] = []
  const used: Usage[] = []
  const sign = (): void => {
    if (direction.stopAtFirstSign !== undefined) controller.abort(direction.stopAtFirstSign)
  }
  const outcome = await agent(what, {
    signal: direction.signal ?? controller.signal,
    graceMs: direction.graceMs ?? 10_000,
    output(chunk) {
      if (direction.onOutput) direction.onOutput(chunk)
      else output.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      sign()
    },
    progress(line) {
      progress.push(line)
      sign()
    },
    started: (process) => processes.push(process),
    used: (usage) => used.push(usage),
    mayWrite: direction.mayWrite ?? (() => Promise.resolve({ allowed: true })),
    place: direction.place ?? (() => Promise.resolve({ accepted: () => {}, refused: () => {}, release: () => {} })),
  })
  return { outcome, output: output.join(''), progress, processes, used }
}

/** Resolves when nothing of a killed group runs any more; the test file's time limit is the bound. */
export async function groupGone(group: number): Promise<void> {
  await until(() => !isAlive(group))
}

/** Whether any process of a group still runs; one that only waits to be reaped by its new parent does not. */
function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && runsIn(pid, group))
}

function runsIn(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , inGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(inGroup) === group && state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}
