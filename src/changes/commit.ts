import { asCommitId, type CommitId, type TreeId } from '../ids.ts'
import { type Git, identity } from './git.ts'
import { writeObject } from './objects.ts'

/** A commit to write; its id follows from these alone. */
export interface CommitDraft {
  readonly tree: TreeId
  readonly parents: readonly CommitId[]
  readonly message: string
  /** Whole seconds since 1970. */
  readonly seconds: number
}

/** When commits were made that only serve a merge and are never shown: at the beginning of 2000. */
export const timeless = 946_684_800

/** The whole seconds of a date in ISO 8601. */
export const secondsOf = (date: string): number => Math.floor(Date.parse(date) / 1_000)

/**
 * Writes a commit as Troupe itself, untouched by the user's time zone or encoding, and without a process: same draft, same id.
 * What it stands on is not looked for.
 * @throws TroupeError GIT_FAILED or NO_SPACE.
 */
export async function writeCommit(git: Git, { tree, parents, message, seconds }: CommitDraft): Promise<CommitId> {
  const who = `${identity.name} <${identity.email}> ${seconds} +0000`
  const head = [
    `tree ${tree}`,
    ...[...new Set(parents)].map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ]
  const text = message.replaceAll('\0', '') // git refuses NUL in a message
  return asCommitId(await writeObject(git, 'commit', Buffer.from(`${head.join('\n')}\n\n${text}`)))
}
