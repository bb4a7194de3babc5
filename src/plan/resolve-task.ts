import type * as z from 'zod'
import { asAgentName, asTaskId } from '../ids.ts'
import { commandWords } from './command-words.ts'
import { parseDuration } from './duration.ts'
import { normalPath } from './repository-path.ts'
import type { taskSchema } from './schema.ts'
import type { Task } from './task.ts'

/** A task with its defaults. A string command for a shell stays one word. */
export function resolveTask(written: z.infer<typeof taskSchema>, shellOf: (agent: string) => boolean): Task {
  const agent = agentOf(written)
  return {
    id: asTaskId(written.id),
    agent: asAgentName(agent),
    verb: verbOf(written),
    prompt: written.prompt ?? null,
    command: argvOf(written.command, shellOf(agent)),
    files: (written.files ?? []).map(normalPath),
    owns: written.owns?.map(normalPath) ?? null,
    needs: (written.needs ?? []).map(asTaskId),
    priority: written.priority ?? 0,
    timeoutMs: written.timeout === undefined ? null : parseDuration(written.timeout),
    retries: written.retries ?? 0,
    env: written.env ?? {},
    workspace: written.workspace ?? null,
  }
}

/** The agent that a task is for when it names none. */
export function agentOf(task: { readonly agent?: unknown; readonly command?: unknown }): string {
  if (typeof task.agent === 'string') return task.agent
  return task.command === undefined ? 'local' : 'command'
}

/** The verb of a task that gives none. */
export function verbOf(task: { readonly verb?: unknown; readonly command?: unknown }): string {
  if (typeof task.verb === 'string') return task.verb
  return task.command === undefined ? 'implement' : 'run'
}

/** A command as argv; null when there is none or it cannot be split. */
export function argvOf(command: unknown, shell: boolean): readonly string[] | null {
  if (Array.isArray(command)) return command.every((word) => typeof word === 'string') ? command : null
  if (typeof command !== 'string') return null
  if (shell) return [command]
  const words = commandWords(command)
  return words.ok ? words.argv : null
}
