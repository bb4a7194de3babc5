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
  const commits = await taskCommits(git, { run, base, commit: branch })
  // what was taken with --task is one attempt's work, which need not be what landed
  return new Set(commits.flatMap(({ task, attempt }) => (attempt === '' ? [task] : [])))
}

/** The tasks of a run that have a part in a commit, by the trailers of the commits since a base. */
export async function tasksBehind(git: Git, since: Since): Promise<ReadonlySet<TaskId>> {
  return new Set((await taskCommits(git, since)).map(({ task }) => task))
}

interface Since {
  readonly run: RunId
  readonly base: CommitId
  readonly commit: CommitId
}

/** Commits of a run's tasks; those that the proposal is made of have no attempt. */
async function taskCommits(
  git: Git,
  { run, base, commit }: Since,
): Promise<readonly { readonly task: TaskId; readonly attempt: string }[]> {
  const trailers = ['Troupe-Run', 'Troupe-Attempt', 'Troupe-Task']
  const format = trailers.map((key) => `%(trailers:key=${key},valueonly,separator=%x2C)`).join('%x00')
  const log = await git.text(['log', '-z', `--format=${format}%x00`, commit, '--not', base])
  const fields = log.split('\0')
  const commits: { task: TaskId; attempt: string }[] = []
  for (let at = 0; at + 2 < fields.length; at += 4) {
    const [of, attempt = '', task] = fields.slice(at, at + 3)
    if (of === run && task !== undefined && task !== '') commits.push({ task: asTaskId(task), attempt })
  }
  return commits
}
