import type { CommitId, TreeId } from '../ids.ts'
import type { RegenerateRequest, Remade } from './regenerate.ts'

/** A commit and its tree. */
export interface RemakePlace {
  readonly commit: CommitId
  readonly tree: TreeId
}

/** Makes files anew on a commit. */
export type Remake = (place: RemakePlace, request: RegenerateRequest) => Promise<Remade>

/** Runs each command once on each tree, one after the other: the files come from the tree and the command alone. */
export function remakeOnce(regenerate: (commit: CommitId, request: RegenerateRequest) => Promise<Remade>): Remake {
  const made = new Map<string, Promise<Remade>>()
  let last: Promise<void> = Promise.resolve()
  return ({ commit, tree }, request) => {
    const { rule, paths } = request
    const key = JSON.stringify([tree, rule.glob, rule.command, rule.timeoutMs, paths])
    const known = made.get(key) ?? last.then(() => regenerate(commit, request))
    made.set(key, known)
    last = known.then(nothing, nothing)
    return known
  }
}

const nothing = (): void => {}
