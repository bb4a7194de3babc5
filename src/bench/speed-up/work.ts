import type { Mode } from '../../plan/task.ts'

/** One kind of work that agents are given. */
export interface Work {
  readonly name: string
  /** Files of the repository that it is done in. */
  readonly files: Readonly<Record<string, string>>
  /** What one agent is, and one task of it. */
  readonly agent: object
  readonly task: object
}

/** Waits for a model that takes its time. */
export const modelWork = (endpoint: string): Work => ({
  name: 'waiting for a model',
  files: { 'readme.txt': 'a line\n'.repeat(10) },
  agent: { kind: 'model', model: 'm', keyFrom: 'BENCH_KEY', endpoint },
  task: { verb: 'review', prompt: 'Read.' },
})

/** Waits for a program. */
export const programWork = (seconds: number): Work => ({
  name: 'waiting for a program',
  files: { 'readme.txt': 'a line\n' },
  agent: { kind: 'command' },
  task: { command: ['sleep', `${seconds}`], workspace: 'none' },
})

/** Computes: every source is parsed and looked through by rules. */
export const reviewWork = (sources: number): Work => ({
  name: 'computing (reviewing sources)',
  files: Object.fromEntries(Array.from({ length: sources }, (_, number) => [`source${number}.py`, sourceText(number)])),
  agent: { kind: 'local' },
  task: { verb: 'review' },
})

const sourceText = (number: number): string =>
  Array.from(
    { length: 60 },
    (_, at) =>
      `def function_${number}_${at}(first, second):\n    if first == ${at}:\n        return hash(second)\n    return [one for one in second if one != first]\n`,
  ).join('\n')

/** So many tasks of it, each its own agent's, so many at once. */
export const manifestOf = (
  { agent, task }: Work,
  { tasks, atOnce, mode }: { readonly tasks: number; readonly atOnce: number; readonly mode: Mode },
): object => ({
  version: 1,
  mode,
  snapshot: 'off',
  concurrency: atOnce,
  agents: { worker: agent },
  tasks: Array.from({ length: tasks }, (_, number) => ({ id: `t${number}`, agent: 'worker', ...task })),
})
