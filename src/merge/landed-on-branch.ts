import type { Git } from '../changes/git.ts'
import { asCommitId, asTaskId, type CommitId, type RunId, type TaskId } from '../ids.ts'

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

interface Since {
  readonly run: RunId
  readonly base: CommitId
  readonly commit: CommitId
}

/** A commit of a run's task. */
export interface TaskCommit {
  readonly task: TaskId
  /** Empty for those that the proposal is made of. */
  readonly attempt: string
  readonly commit: CommitId
  readonly parent: CommitId
}

/** Commits of a run's tasks since a base, each after those that it was made on. */
export async function taskCommits(git: Git, { run, base, commit }: Since): Promise<readonly TaskCommit[]> {
  const trailers = ['Troupe-Run', 'Troupe-Attempt', 'Troupe-Task']
  const format = trailers.map((key) => `%(trailers:key=${key},valueonly,separator=%x2C)`).join('%x00')
  const order = ['--topo-order', '--reverse']
  const log = await git.text(['log', '-z', ...order, `--format=%H%x00%P%x00${format}%x00`, commit, '--not', base])
  const fields = log.split('\0')
  const commits: TaskCommit[] = []
  for (let at = 0; at + 4 < fields.length; at += 6) {
    const [id = '', parents = '', of, attempt = '', task = ''] = fields.slice(at, at + 5)
    const [parent = ''] = parents.split(' ')
    if (of !== run || task === '' || parent === '') continue
    commits.push({ task: asTaskId(task), attempt, commit: asCommitId(id), parent: asCommitId(parent) })
  }
  return commits
}
