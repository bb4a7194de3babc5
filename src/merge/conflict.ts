import type { TaskId } from '../ids.ts'

/** Why two change sets (or a change set and its own limits) do not go together. */
export type ConflictKind = 'content' | 'add/add' | 'modify/delete' | 'rename' | 'mode' | 'binary' | 'outside-owns'

/** Lines of one side, from 1, both ends included; `to` is `from - 1` for an empty place. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

/** One place in a file where both sides changed the same lines. */
export interface ConflictPlace {
  readonly ours: LineRange
  readonly base: LineRange
  readonly theirs: LineRange
}

/** One file on which two tasks disagree. Deterministic: sorted by file, then kind. */
export interface Conflict {
  readonly kind: ConflictKind
  readonly file: string
  /** The task that landed first (in manifest order); null for `outside-owns`, and for what a branch has gained. */
  readonly ours: TaskId | null
  /** The task that could not land. */
  readonly theirs: TaskId
  /** Where in the file; empty when the kind has no lines. */
  readonly places: readonly ConflictPlace[]
  /** One sentence for people. */
  readonly message: string
}

/** Conflicts in the order in which they are always told: by file, kind, then tasks. */
export function sortConflicts<Kind extends Conflict>(conflicts: readonly Kind[]): readonly Kind[] {
  const key = ({ file, kind, ours, theirs }: Conflict): readonly string[] => [file, kind, ours ?? '', theirs]
  return conflicts.toSorted((a, b) => {
    const keys = [key(a), key(b)] as const
    const at = keys[0].findIndex((part, index) => part !== keys[1][index])
    return at === -1 ? 0 : (keys[0][at] ?? '') < (keys[1][at] ?? '') ? -1 : 1
  })
}
