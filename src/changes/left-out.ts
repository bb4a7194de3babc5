import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hideNothing, type Redactor } from '../redaction.ts'
import { placeOf } from './folder-watch.ts'
import type { Git } from './git.ts'
import { pristineIndexOf } from './index-copy.ts'
import { nulTerminated } from './path-bytes.ts'
import { mayBeSparse } from './sparse-checkout.ts'
import { differences } from './workspace-content.ts'
import { gitOn, type PrivateIndex } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'
import { refuseSecretIn } from './written-secrets.ts'

/** What is looked at, and where. */
interface Look {
  readonly worktree: Worktree
  /** Paths to look at, literally; everywhere by default. */
  readonly among?: readonly string[]
  /** What no object of git may hold; nothing by default. */
  readonly hide?: Redactor
}

/**
 * What differs from the index, where a file that is not there may be one that the agent's own index leaves out (`git sparse-checkout`,
 * skip-worktree): that is no deletion, and what was merged or committed of it meanwhile is taken into the index as it is there.
 * @returns `differing` as of `differences`; `hasTaken` when the index was changed
 * @throws TroupeError SECRET_WRITTEN when a secret lies in what was committed of it
 */
export async function lookThrough(
  own: PrivateIndex,
  { worktree, among = [], hide = hideNothing }: Look,
): Promise<{ readonly differing: readonly string[]; readonly hasTaken: boolean }> {
  const differing = await differences(own, among)
  const isAsked =
    (await hasOwnIndexChanged(worktree)) && (mayBeSparse(worktree) || (await isSomeGone(own.root, differing)))
  if (!isAsked || !(await takeLeftOut(own, worktree, hide))) return { differing, hasTaken: false }
  return { differing: await differences(own, among), hasTaken: true }
}

/** Whether a tracked file that is not there need not be gone. */
export const mayLeaveOut = async (worktree: Worktree): Promise<boolean> =>
  mayBeSparse(worktree) || (await hasOwnIndexChanged(worktree))

const ownIndexOf = ({ adminDirectory }: Worktree): string => join(adminDirectory, 'index')

/** Whether git has written the worktree's index since its checkout. */
async function hasOwnIndexChanged(worktree: Worktree): Promise<boolean> {
  const found = [ownIndexOf(worktree), pristineIndexOf(worktree)].map((index) => stat(index).catch(() => null))
  const [now, then] = await Promise.all(found)
  return now?.size !== then?.size || now?.mtime.getTime() !== then?.mtime.getTime() // a copy has no more than milliseconds
}

async function isSomeGone(root: string, paths: readonly string[]): Promise<boolean> {
  const found = paths.map((path) => lstat(placeOf(root, path)).catch(() => null))
  return (await Promise.all(found)).includes(null)
}

/** Makes an index leave out what the agent's does, and nothing else; answers whether that changed anything. */
async function takeLeftOut(own: PrivateIndex, worktree: Worktree, hide: Redactor): Promise<boolean> {
  const { adminDirectory, directory } = worktree
  const agents = { git: gitOn(own.git, adminDirectory, directory), env: { GIT_INDEX_FILE: ownIndexOf(worktree) } }
  const [known, told] = await Promise.all([entriesOf(own), entriesOf(agents).catch(() => null)])
  if (told === null || told.size === 0) return false // broken or gone: it tells nothing
  const leftOut = [...told].filter(([path, entry]) => entry.isLeftOut && !isSame(known.get(path), entry))
  const gone = [...known].filter(([path, entry]) => entry.isLeftOut && isGone(told.get(path))).map(([path]) => path)
  await refuseSecretsAmong(own.git, leftOut, hide)
  await put(own, leftOut)
  if (gone.length > 0) await update(own, ['--no-skip-worktree', '-z', '--stdin'], gone)
  return leftOut.length + gone.length > 0
}

/** What an index has at a path. */
interface Entry {
  readonly mode: string
  readonly oid: string
  /** Git does not expect it in the work tree, and it is not there. */
  readonly isLeftOut: boolean
  /** Git has seen it there. */
  readonly wasThere: boolean
}

/** What is not left out any more was taken away, unless its entry is new and git has never put it there (`git read-tree`). */
const isGone = (told: Entry | undefined): boolean => told === undefined || (!told.isLeftOut && told.wasThere)

const isSame = (known: Entry | undefined, { mode, oid }: Entry): boolean =>
  known?.isLeftOut === true && known.mode === mode && known.oid === oid

type Entries = ReadonlyMap<string, Entry>

/** By path in latin1; without what is in conflict. */
async function entriesOf({ git, env }: Pick<PrivateIndex, 'git' | 'env'>): Promise<Entries> {
  const listed = await git.bytes(['ls-files', '-t', '--stage', '--debug', '-z'], { env })
  const fields = Buffer.from(listed).toString('latin1').split('\0')
  const entries = new Map<string, Entry>()
  for (const [at, field] of fields.slice(0, -1).entries()) {
    const [, tag = '', mode = '', oid = '', path = ''] = entryForm.exec(field) ?? []
    const [, seconds = '0'] = /^ {2}mtime: (\d+):/m.exec(fields[at + 1] ?? '') ?? []
    if (path !== '') entries.set(path, { mode, oid, isLeftOut: tag === 'S', wasThere: seconds !== '0' })
  }
  return entries
}

/** Before it stands what git says with `--debug` of the entry before. */
const entryForm = /^(?: {2}[^\n]*\n)*(\S) (\d+) ([\da-f]+) 0\t(.+)$/s

type Listed = readonly (readonly [string, Entry])[]

async function refuseSecretsAmong(git: Git, leftOut: Listed, hide: Redactor): Promise<void> {
  if (hide.isIdle) return
  for (const [path, { mode, oid }] of leftOut) {
    refuseSecretIn(Buffer.from(path, 'latin1'), hide)
    if (mode !== '160000') refuseSecretIn(await git.bytes(['cat-file', 'blob', oid]), hide)
  }
}

async function put(own: PrivateIndex, leftOut: Listed): Promise<void> {
  if (leftOut.length === 0) return
  const lines = leftOut.map(([path, { mode, oid }]) => `${mode} ${oid} 0\t${path}`)
  await update(own, ['--replace', '-z', '--index-info'], lines)
  await update(
    own,
    ['--skip-worktree', '-z', '--stdin'],
    leftOut.map(([path]) => path),
  )
}

const update = ({ git, env }: PrivateIndex, options: readonly string[], lines: readonly string[]): Promise<unknown> =>
  git.run(['update-index', ...options], { env, input: nulTerminated(lines) })
