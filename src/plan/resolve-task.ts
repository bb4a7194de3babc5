import type * as z from 'zod'
import { asAgentName, asTaskId } from '../ids.ts'
import { commandWords } from './command-words.ts'
import { parseDuration } from './duration.ts'
import { normalGlob, normalPath } from './repository-path.ts'
import type { budgetSchema } from './limit-schema.ts'
import type { taskSchema } from './schema.ts'
import { parseSize } from './size.ts'
import { type Budget, type Manifest, noBudget, type Task } from './task.ts'

type AgentOptions = Readonly<Record<string, unknown>>

/** What a task takes from the rest of its manifest. */
export interface TaskSurroundings extends Bounds {
  optionsOf(agent: string): AgentOptions | undefined
}

/** What bounds an attempt that says nothing of its own. */
type Bounds = Pick<Manifest, 'stallMs' | 'memoryBytes'>

/** A task with its defaults. A string command for a shell stays one word. */
export function resolveTask(written: z.infer<typeof taskSchema>, { optionsOf, ...bounds }: TaskSurroundings): Task {
  const agent = agentOf(written)
  const options = optionsOf(agent) ?? {}
  const { timeoutMs, stallMs, memoryBytes, budget, retries, onRetry } = attemptsOf(written, bounds)
  // no spread, and what is empty is shared: a hundred thousand tasks are kept
  return {
    id: asTaskId(written.id),
    agent: asAgentName(agent),
    bestOf: bestOf(written.bestOf, agent),
    verb: verbOf(written, options),
    prompt: written.prompt ?? null,
    command: argvOf(written.command, options),
    files: written.files?.map(normalPath) ?? nothing,
    owns: written.owns?.map(normalGlob) ?? null,
    needs: written.needs?.map(asTaskId) ?? nothing,
    priority: written.priority ?? 0,
    estimateMs: givenMs(written.estimate),
    timeoutMs,
    stallMs,
    memoryBytes,
    budget,
    retries,
    onRetry,
    env: written.env ?? noVariables,
    workspace: written.workspace ?? null,
  }
}

const nothing: readonly never[] = []
const noVariables: Task['env'] = {}

function bestOf(written: z.infer<typeof taskSchema>['bestOf'], agent: string): Task['bestOf'] {
  if (written === undefined) return null
  return typeof written === 'number'
    ? Array.from({ length: written }, () => asAgentName(agent))
    : written.map(asAgentName)
}

/** What bounds an attempt, and what follows one that failed. */
const attemptsOf = (
  { timeout, stall, memory, budget, retries, onRetry }: z.infer<typeof taskSchema>,
  { stallMs, memoryBytes }: Bounds,
): Pick<Task, 'timeoutMs' | 'stallMs' | 'memoryBytes' | 'budget' | 'retries' | 'onRetry'> => ({
  timeoutMs: givenMs(timeout),
  stallMs: stall === undefined ? stallMs : durationOf(stall),
  memoryBytes: memory === undefined ? memoryBytes : sizeOf(memory),
  budget: budgetOf(budget),
  retries: retries ?? 0,
  onRetry: onRetry ?? 'fresh',
})

/** What may be used, as it is written; without a word there is no limit. */
export const budgetOf = (written: Partial<z.infer<typeof budgetSchema>> | undefined): Budget =>
  written === undefined
    ? noBudget
    : {
        tokens: written.tokens ?? null,
        costUsd: written.costUsd ?? null,
        timeMs: givenMs(written.time),
      }

const givenMs = (duration: string | undefined): number | null =>
  duration === undefined ? null : parseDuration(duration)

/** Milliseconds of a duration that may be `off`, which is null. */
export const durationOf = (written: string): number | null => (written === 'off' ? null : parseDuration(written))

/** Bytes of a size that may be `off`, which is null. */
export const sizeOf = (written: string): number | null => (written === 'off' ? null : parseSize(written))

/** A task as written, of which nothing need be sound. */
interface LooselyWritten {
  readonly agent?: unknown
  readonly bestOf?: unknown
  readonly verb?: unknown
  readonly prompt?: unknown
  readonly command?: unknown
}

/** The agent that a task is for when it names none. */
export function agentOf({ agent, bestOf: several, command }: LooselyWritten): string {
  if (typeof agent === 'string') return agent
  const [first]: readonly unknown[] = Array.isArray(several) ? several : []
  if (typeof first === 'string') return first
  return command === undefined ? 'local' : 'command'
}

/** The verb of a task that gives none. */
export function verbOf(task: LooselyWritten, options: AgentOptions): string {
  if (typeof task.verb === 'string') return task.verb
  const runs = task.command !== undefined || (task.prompt === undefined && options['argv'] !== undefined)
  return runs ? 'run' : 'implement'
}

/** Whether a task says nothing that its agent could do. */
export const asksNothing = ({ verb, prompt, command }: LooselyWritten, options: AgentOptions): boolean =>
  [verb, prompt, command, options['argv']].every((part) => part === undefined)

/** A command as argv; null when there is none or it cannot be split. */
export function argvOf(command: unknown, options: AgentOptions): readonly string[] | null {
  if (Array.isArray(command)) return command.every((word) => typeof word === 'string') ? command : null
  if (typeof command !== 'string') return null
  if (options['shell'] === true) return [command]
  const words = commandWords(command)
  return words.ok ? words.argv : null
}
