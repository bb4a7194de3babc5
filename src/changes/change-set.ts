import type { AgentName, CommitId, TaskId, TreeId } from '../ids.ts'

/** An attempt's sealed result: one commit whose only parent is the attempt's base. */
export interface ChangeSet {
  readonly task: TaskId
  readonly agent: AgentName
  readonly attempt: number
  /** What the attempt started from: the run's base, or the merge of its needs. */
  readonly base: CommitId
  readonly commit: CommitId
  readonly tree: TreeId
  /** Changed paths relative to the root, sorted. */
  readonly files: readonly string[]
}
