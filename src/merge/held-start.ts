import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import { asAgentName, asTreeId, type CommitId, type RunId, type TaskId } from '../ids.ts'
import { baseFor } from './base-for.ts'
import type { Onto } from './branch-gain.ts'
import { type TaskCommit, taskCommits } from './landed-on-branch.ts'
import { mergeOnto } from './merge-tree.ts'

/** A branch, and what it has gained since a run's base. */
export interface Gained {
  readonly git: Git
  readonly run: RunId
  readonly base: CommitId
  readonly onto: Onto
  readonly gain: ChangeSet
}

/** The part of some work that a branch has: a commit of that part alone, and whose it is. */
export interface HeldStart {
  readonly commit: CommitId
  readonly tasks: readonly TaskId[]
}

/**
 * What a branch has of the work that a task started from: all of it, or some of the tasks behind it, each with all that it started from
 * itself. A task's work is there by the trailers of its commits, or by its content. null where nothing of it is there.
 */
export async function heldStart(gained: Gained, startedFrom: CommitId): Promise<HeldStart | null> {
  const { git, run, base, onto } = gained
  const [behind, there] = await Promise.all([
    taskCommits(git, { run, base, commit: startedFrom }),
    taskCommits(git, { run, base, commit: onto.commit }),
  ])
  const isLanded = ({ task }: TaskCommit): boolean => there.some((one) => one.attempt === '' && one.task === task)
  const isAll = (behind.length > 0 && behind.every(isLanded)) || (await holds(gained, base, startedFrom))
  if (isAll) return { commit: startedFrom, tasks: tasksOf(behind) }
  const held: TaskCommit[] = []
  for (const one of behind) {
    const isThere = there.some(({ task, attempt }) => task === one.task && (attempt === '' || attempt === one.attempt))
    if (!isThere && !(await holds(gained, one.parent, one.commit))) continue
    const own = await taskCommits(git, { run, base, commit: one.parent })
    if (own.every(({ commit }) => held.some((other) => other.commit === commit))) held.push(one)
  }
  if (held.length === 0) return null
  const needs = await Promise.all(held.map(async (one) => await changeSetOf(git, one)))
  const merged = await baseFor({ git, runBase: base, needs })
  return merged.how === 'merged' ? { commit: merged.commit, tasks: tasksOf(held) } : null
}

const tasksOf = (commits: readonly TaskCommit[]): readonly TaskId[] => [...new Set(commits.map(({ task }) => task))]

/** Whether a branch has a change already: with it, it would be the same. */
async function holds({ git, gain }: Gained, base: CommitId, commit: CommitId): Promise<boolean> {
  const merge = await mergeOnto(git, gain.tree, { base, theirs: commit })
  return merge.clean && merge.tree === gain.tree
}

async function changeSetOf(git: Git, { task, attempt, parent, commit }: TaskCommit): Promise<ChangeSet> {
  const tree = asTreeId(await git.text(['rev-parse', '--verify', `${commit}^{tree}`]))
  return { task, agent: asAgentName('task'), attempt: Number(attempt), base: parent, commit, tree, files: [] }
}
