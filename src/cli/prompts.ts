import { createHash } from 'node:crypto'
import { TroupeError } from '../errors.ts'
import type { Manifest, Task } from '../plan/task.ts'

/** A manifest as it is kept with a run: what stands for each prompt tells whether another text is that prompt. */
export const withoutPrompts = (manifest: Manifest): Manifest => withEachPrompt(manifest, traceOfPrompt)

/** The same of one task. */
export const withoutPrompt = (task: Task): Task => ({ ...task, prompt: traceOfPrompt(task) })

const traceOfPrompt = ({ prompt }: Task): string | null => (prompt === null ? null : traceOf(prompt))

/** Whether anything in a manifest would have to be left out. */
export const hasPrompts = (manifest: Manifest): boolean => promptsOf(manifest).length > 0

/**
 * A manifest that was kept with a run, with the prompts that another one still has.
 * @param isNeeded whether a task will be done once more
 * @throws TroupeError PROMPTS_MISSING when that one has not the prompt of a task that will
 */
export function withPromptsOf(
  kept: Manifest,
  { given, isNeeded }: { readonly given: Manifest | null; readonly isNeeded: (task: Task) => boolean },
): Manifest {
  const known = new Map(promptsOf(given).map((prompt) => [traceOf(prompt), prompt]))
  return withEachPrompt(kept, (task) => {
    if (task.prompt === null || !trace.test(task.prompt)) return task.prompt
    const prompt = known.get(task.prompt)
    if (prompt !== undefined) return prompt
    if (isNeeded(task)) throw new TroupeError('PROMPTS_MISSING', `the prompt of ${task.id} is not kept with the run`)
    return task.prompt
  })
}

const trace = /^\[not kept: sha256 [0-9a-f]{64}\]$/

const traceOf = (prompt: string): string => `[not kept: sha256 ${createHash('sha256').update(prompt).digest('hex')}]`

function promptsOf(manifest: Manifest | null): readonly string[] {
  if (manifest === null) return []
  const { tasks, merge } = manifest
  return [...tasks, ...(merge.resolver === null ? [] : [merge.resolver.task])].flatMap(({ prompt }) => prompt ?? [])
}

function withEachPrompt(manifest: Manifest, promptOf: (task: Task) => string | null): Manifest {
  const changed = (task: Task): Task => ({ ...task, prompt: promptOf(task) })
  const { tasks, merge } = manifest
  const resolver = merge.resolver === null ? null : { ...merge.resolver, task: changed(merge.resolver.task) }
  return { ...manifest, tasks: tasks.map(changed), merge: { ...merge, resolver } }
}
