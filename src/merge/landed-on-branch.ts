import type { Git } from '../changes/git.ts'
import { asTaskId, type CommitId, type RunId, type TaskId } from '../ids.ts'

/**
 * The tasks of a run that have landed on a branch since a base, by the trailers of their commits: their work is not brought there
 * again, also where it has been changed since.
 */
export async function landedOnBranch(
  git: Git,
  { run, base, branch }: { readonly run: RunId; readonly base: CommitId; readonly branch: CommitId },
): Promise<ReadonlySet<TaskId>> {
  const trailers = ['Troupe-Run', 'Troupe-Attempt', 'Troupe-Task']
  const format = trailers.map((key) => `%(trailers:key=${key},valueonly,separator=%x2C)`).join('%x00')
  const log = await git.text(['log', '-z', `--format=${format}%x00`, branch, '--not', base])
  const fields = log.split('\0')
  const tasks = new Set<TaskId>()
  for (let at = 0; at + 2 < fields.length; at += 4) {
    const [of, attempt, task] = fields.slice(at, at + 3)
    // what was taken with --task is one attempt's work, which need not be what landed
    if (of === run && attempt === '' && task !== undefined && task !== '') tasks.add(asTaskId(task))
  }
  return tasks
}
