import { asTaskId } from '../ids.ts'
import type { Manifest, Task } from './task.ts'

/** Those who try a task that is for several, each by itself; none where it is for one. No task can be called so: ids hold no plus sign. */
export const candidatesOf = (task: Task): readonly Task[] =>
  (task.bestOf ?? []).map((agent, at) => ({ ...task, id: asTaskId(`${task.id}+${at + 1}`), agent, bestOf: null }))

/** All that agents may be asked to do in a run: each task once for each who tries it, and conflicts. */
export function allWork({ tasks, merge }: Pick<Manifest, 'tasks' | 'merge'>): readonly Task[] {
  const tried = tasks.flatMap((task) => (task.bestOf === null ? [task] : candidatesOf(task)))
  return merge.resolver === null ? tried : [...tried, merge.resolver.task]
}
