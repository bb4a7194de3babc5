import type { Finding } from '../agents/agent.ts'
import type { UsageSum } from '../agents/usage.ts'
import type { AgentName, CommitId, RunId, TaskId, TreeId } from '../ids.ts'
import type { Answer } from './asking/open-conflict.ts'
import type { ToldConflict } from './conflict-texts.ts'
import type { Grade } from './resolvers/resolver.ts'

/** Three states, end to end: a check that could not run is not green. */
export type Verdict = 'pass' | 'fail' | 'not-run'

/** One check command's answer on the merged tree. */
export interface CheckResult {
  readonly name: string
  readonly command: readonly string[]
  readonly verdict: Verdict
  /** Why it was not run, or how it failed; null when it passed. */
  readonly reason: string | null
  readonly exitCode: number | null
  readonly durationMs: number
  /** The last lines of its output. */
  readonly outputTail: string
  /** The file that holds its output; null when there is none. */
  readonly log: string | null
  /** Whether it was not run because it passed before on the very same tree. */
  readonly cached: boolean
}

/** Where one task's work went. */
export type Disposition =
  /** Its change set is part of the proposal. */
  | { readonly state: 'landed'; readonly commit: CommitId; readonly files: readonly string[] }
  /** It succeeded and changed nothing. */
  | { readonly state: 'unchanged' }
  /** Its change set was left out; `conflicts` (or a need that did not land) say why. It stays at `ref`. */
  | {
      readonly state: 'left-out'
      readonly reason: string
      readonly commit: CommitId
      readonly files: readonly string[]
      readonly ref: string
    }
  /** It did not succeed. */
  | { readonly state: 'failed' | 'blocked' | 'cancelled' | 'not-started'; readonly reason: string }

/** One task's line in the proposal. */
export interface ProposalTask {
  readonly task: TaskId
  readonly agent: AgentName
  readonly attempts: number
  readonly summary: string | null
  /** What all its attempts used, as far as they told; `unknown` counts attempts. */
  readonly usage: UsageSum
  readonly disposition: Disposition
}

/** The same finding of several tasks, once. */
export interface MergedFinding extends Finding {
  readonly tasks: readonly TaskId[]
}

/** A file that several tasks changed to the very same content. */
export interface IdenticalChange {
  readonly file: string
  readonly tasks: readonly TaskId[]
}

/** A change that is not in the proposal as it was made. */
export interface LedgerChange {
  readonly file: string
  /** Lines of the task's own version, from 1; `to` is `from - 1` where it only took lines away; 0 and 0 for a file that is no text. */
  readonly from: number
  readonly to: number
  readonly fate: 'resolved' | 'superseded' | 'dropped'
}

/** What became of the changes (hunks; a file that is no text counts as one) of a task's change set. */
export interface LedgerLine {
  readonly task: TaskId
  /** In the proposal as they were made. */
  readonly kept: number
  /** In the proposal, and another task made the very same. */
  readonly equivalent: number
  /** A resolver decided about them: see `resolved`. */
  readonly resolved: number
  /** A task that started from them has changed them further. */
  readonly superseded: number
  /** Not in the proposal, with the whole change set: its disposition says why. */
  readonly dropped: number
  /** The first of those that are not in the proposal as they were made, in the order of files and lines. */
  readonly changes: readonly LedgerChange[]
  /** How many more of them there are. */
  readonly more: number
}

/** Why a check failed on the merged tree. */
export interface BlamedCheck {
  readonly check: string
  /** `culprits`: these tasks together break it. `base`: it fails without any. `flaky`: it passes and fails. `unknown`: it could not run. */
  readonly how: 'culprits' | 'base' | 'flaky' | 'unknown'
  /** The smallest set of tasks that breaks it. */
  readonly tasks: readonly TaskId[]
  /** The one of them that was left out for it; null for none. */
  readonly dropped: TaskId | null
  readonly reason: string
  /** The same for people: `A + C break check "test"; A alone and C alone pass`. */
  readonly sentence: string
  /** What was seen: of these tasks together, then of each alone; of nobody (the base alone) where the base fails. */
  readonly seen: readonly SeenPart[]
  /** How often the check was run to find that out. */
  readonly runs: number
}

/** What a check said of the base with these tasks and what they need. */
export interface SeenPart {
  readonly tasks: readonly TaskId[]
  readonly verdict: Verdict
  readonly reason: string | null
  /** The tasks together with which it passed; null where it was run with `tasks` alone. */
  readonly partOf: readonly TaskId[] | null
  /** The last lines of its output, at most 4,000 characters. */
  readonly outputTail: string
  readonly log: string | null
}

/** What became of resolutions that stand only as long as every check passes. */
export interface Trial {
  /** Tasks that are part of the proposal by such resolutions. */
  readonly kept: readonly TaskId[]
  /** Tasks with which a check did not pass. */
  readonly refused: readonly TaskId[]
  /** How often the checks were run for it. */
  readonly runs: number
  /** Why nothing was tried; null where it was, or there was nothing to try. */
  readonly reason: string | null
}

/** A place that two sides changed and a resolver made one. */
export interface ResolvedPlace {
  readonly file: string
  /** The task whose change set was brought in. */
  readonly task: TaskId
  /** First line, from 1, and how many lines, in the file as it was after that. */
  readonly line: number
  readonly lines: number
  readonly resolver: string
  readonly grade: Grade
  readonly evidence: string
  /** The text of what both started from, of what had landed, and of the task. */
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

/** Files that several tasks touched, and the declared command that made them anew. */
export interface RegeneratedFiles {
  /** As the manifest names the files. */
  readonly glob: string
  readonly paths: readonly string[]
  readonly name: string
  readonly command: readonly string[]
  /** pass: they are in the proposal as the command made them; else they were merged as any file. */
  readonly verdict: Verdict
  /** Why it was not run, or how it failed; null when it passed. */
  readonly reason: string | null
  readonly exitCode: number | null
  readonly durationMs: number
  /** The last lines of its output. */
  readonly outputTail: string
  /** The tree it was run on. */
  readonly from: TreeId
  /** That tree with the files as it made them; null when it failed. */
  readonly tree: TreeId | null
  /** Other paths that the command changed, which are left as they were. */
  readonly ignored: readonly string[]
}

/** What came of asking an agent about a conflict. */
export interface AskedConflict {
  /** Whose change set is in conflict with what has landed. */
  readonly task: TaskId
  readonly agent: AgentName
  readonly files: readonly string[]
  readonly attempts: number
  /**
   * `kept`: the answer is part of the proposal. In all other cases the conflict stays: `refused` is an answer that is not to be kept,
   * `failed` an agent that gave none, `stopped` one that was not let finish, `not-asked` speaks for itself.
   */
  readonly outcome: 'kept' | 'refused' | 'failed' | 'stopped' | 'not-asked'
  /** Why it was not kept; null when it was. */
  readonly reason: string | null
  /** Keeps the last answer, kept or not; null when there was none. */
  readonly ref: string | null
  /** What a fold needs to bring a kept answer in again. */
  readonly answers: readonly Answer[]
}

/** The aggregator's answer. Its JSON form is documented in docs/proposal.md. */
export interface Proposal {
  readonly schema: 'troupe/proposal/1'
  readonly run: RunId
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly base: CommitId
  /** The merged commit; equal to `base` when nothing landed. */
  readonly commit: CommitId
  readonly tree: TreeId
  readonly ref: string
  /** Changed paths between base and commit. */
  readonly files: readonly string[]
  /** In the order of the manifest. */
  readonly tasks: readonly ProposalTask[]
  /** The tasks that landed, in the order in which their commits follow each other. */
  readonly order: readonly TaskId[]
  readonly conflicts: readonly ToldConflict[]
  readonly identical: readonly IdenticalChange[]
  /** What git left in conflict and a resolver decided, in the order of landing. */
  readonly resolved: readonly ResolvedPlace[]
  /** Each declared command that was to make files anew. */
  readonly regenerated: readonly RegeneratedFiles[]
  /** Conflicts that an agent was to be asked about, in the order of asking; empty where the manifest names none. */
  readonly resolutions: readonly AskedConflict[]
  /** Each change of every change set accounted for, in the order of the manifest. */
  readonly ledger: readonly LedgerLine[]
  readonly checks: readonly CheckResult[]
  /** Each time that a check failed: who is to blame; in the order in which it was found. */
  readonly blame: readonly BlamedCheck[]
  /** Where the manifest allows resolutions of grade `checked`: what became of them. */
  readonly trial?: Trial
  /** pass: every check passed; fail: one failed; not-run: there is none, or one could not run and none failed. */
  readonly verdict: Verdict
  readonly findings: readonly MergedFinding[]
  /** What all tasks used, as far as they told; `unknown` counts tasks. */
  readonly usage: UsageSum
  /** The command that makes it once more and says whether it comes out the same. */
  readonly replay: string
  /** True when the run was stopped before its end. */
  readonly interrupted: boolean
}
