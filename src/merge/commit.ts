import type { Git } from '../changes/git.ts'
import { asCommitId, type CommitId, type TreeId } from '../ids.ts'

/** A commit to write; its id follows from these alone. */
export interface CommitDraft {
  readonly tree: TreeId
  readonly parents: readonly CommitId[]
  readonly message: string
  /** ISO 8601; counts to the second. */
  readonly date: string
}

/** The date of commits that only serve a merge and are never shown. */
export const timelessDate = '2000-01-01T00:00:00Z'

/** Writes a commit as Troupe itself, untouched by the user's time zone or encoding: same draft, same id. */
export async function writeCommit(git: Git, { tree, parents, message, date }: CommitDraft): Promise<CommitId> {
  const parentArguments = parents.flatMap((parent) => ['-p', parent])
  const seconds = `${Math.floor(Date.parse(date) / 1000)} +0000`
  const id = await git.text(['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', ...parentArguments, '-F', '-', tree], {
    // git refuses NUL in a message
    input: message.replaceAll('\0', ''),
    env: { GIT_AUTHOR_DATE: seconds, GIT_COMMITTER_DATE: seconds },
  })
  return asCommitId(id)
}
