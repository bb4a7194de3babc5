import { existsSync } from 'node:fs'
import { type ErrorCode, TroupeError } from '../errors.ts'
import { asCommitId, type CommitId } from '../ids.ts'
import { moveFiles, moveFilesBack, type Refusal } from './checkout-files.ts'
import { type Checkout, checkoutsOf } from './checkouts.ts'
import { shownPath, underWay, wantsSignatures } from './checkout-ready.ts'
import type { Git } from './git.ts'
import { prepareRefs } from './ref-transaction.ts'
import type { Repository } from './repository.ts'

/** What is to be applied, and where. */
export interface ApplyOrder {
  readonly repository: Repository
  /** Short name of the branch; null for the one that is checked out. */
  readonly branch: string | null
  readonly base: CommitId
  readonly proposal: CommitId
  /** Makes or approves what the branch moves to; what it throws keeps the branch where it is. */
  target(branch: Standing): Promise<CommitId>
}

/** A branch as it is found. */
export interface Standing {
  readonly branch: string
  /** Where it stands; null for a branch that is not there yet. */
  readonly now: CommitId | null
  /** How far it has moved from the base, in words; null when it has not, or is new. */
  readonly moved: string | null
}

/** What `apply` did; `from` is null for a branch that was made. */
export type Applied =
  | { readonly how: 'already'; readonly branch: string }
  | {
      readonly how: 'created' | 'fast-forward' | 'folded'
      readonly branch: string
      readonly from: CommitId | null
      readonly to: CommitId
    }

/**
 * Moves a branch to a proposal by compare-and-swap; the only place where Troupe touches a branch or the user's files.
 * A branch that is checked out takes index and files along; uncommitted changes are kept, or keep it where it is.
 * @throws TroupeError BRANCH_MOVED, CHECKOUT_DIRTY, CHECKOUT_BUSY, CHECKOUT_GONE, SIGNATURES_WANTED, GIT_LOCKED, GIT_FAILED, USAGE,
 * and whatever `target` throws; nothing has moved then
 */
export async function applyProposal(order: ApplyOrder): Promise<Applied> {
  const { repository, base, proposal } = order
  const branch = order.branch ?? (await currentBranch(repository))
  const ref = `refs/heads/${branch}`
  await checkBranchName(repository, branch)
  const now = await commitAt(repository, ref)
  if (now === null) {
    // its files would not follow
    if ((await checkoutOf(repository, ref)) !== null)
      throw new TroupeError('USAGE', `${branch} is checked out and has no commit yet; name another with --branch`)
    const to = await order.target({ branch, now, moved: null })
    await swap({ repository, ref, branch, from: null, to })
    return { how: 'created', branch, from: null, to }
  }
  if (await isAncestor(repository, proposal, now)) return { how: 'already', branch }
  const to = await order.target({ branch, now, moved: now === base ? null : await apart(repository, base, now) })
  if (to === now) return { how: 'already', branch }
  if (!(await isAncestor(repository, now, to))) throw new TroupeError('INTERNAL', `${branch} would lose ${short(now)}`)
  await move({ repository, ref, branch, from: now, to })
  return { how: now === base ? 'fast-forward' : 'folded', branch, from: now, to }
}

async function currentBranch({ git, root }: Repository): Promise<string> {
  // not --short, which makes it heads/main where a tag is called main
  const { stdout } = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1] })
  const [, branch] = /^refs\/heads\/(.+)\n$/.exec(stdout) ?? []
  if (branch !== undefined) return branch
  throw new TroupeError('USAGE', `no branch is checked out in ${root}; name one with --branch`)
}

async function checkBranchName({ git }: Repository, branch: string): Promise<void> {
  // git would make a branch of that name inside of refs/heads
  const [, short] = /^refs\/(?:heads\/)?(.*)$/s.exec(branch) ?? []
  if (short !== undefined)
    throw new TroupeError('USAGE', `${branch} is a ref: name the branch itself, as in --branch ${short}`)
  const { stdout } = await git.run(['check-ref-format', '--branch', branch], { accept: [0, 1, 128] })
  if (stdout !== `${branch}\n`) throw new TroupeError('USAGE', `${JSON.stringify(branch)} is not a name for a branch`)
}

async function commitAt({ git }: Repository, ref: string): Promise<CommitId | null> {
  const { exitCode, stdout } = await git.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], {
    accept: [0, 1, 128],
  })
  return exitCode === 0 ? asCommitId(stdout.trim()) : null
}

async function isAncestor({ git }: Repository, older: CommitId, newer: CommitId): Promise<boolean> {
  const { exitCode } = await git.run(['merge-base', '--is-ancestor', older, newer], { accept: [0, 1] })
  return exitCode === 0
}

/** How far a branch has come from the base. */
async function apart({ git }: Repository, base: CommitId, now: CommitId): Promise<string> {
  const counts = await git.text(['rev-list', '--left-right', '--count', `${base}...${now}`])
  const [lost = '0', gained = '0'] = counts.split('\t')
  const changes = [count(gained, 'more'), count(lost, 'fewer')].filter((change) => change !== '')
  return changes.join(', ')
}

const count = (commits: string, which: string): string =>
  commits === '0' ? '' : `${commits} ${commits === '1' ? 'commit' : 'commits'} ${which}`

const short = (commit: CommitId): string => commit.slice(0, 12)

interface Move {
  readonly repository: Repository
  readonly ref: string
  readonly branch: string
  /** Where the branch must still be. */
  readonly from: CommitId
  readonly to: CommitId
}

/** Without `from` the branch must not be there yet. */
type Swap = Omit<Move, 'from'> & { readonly from: CommitId | null }

async function move(order: Move): Promise<void> {
  const checkout = await checkoutOf(order.repository, order.ref)
  if (checkout === null) return await swap(order)
  const folder = folderOf(checkout, order)
  const git = order.repository.git.at(folder)
  const busy = await underWay(git)
  if (busy !== null) throw cannotMove('CHECKOUT_BUSY', order.branch, `${busy} in ${folder}`)
  const signing = await wantsSignatures(git, order.branch)
  if (signing !== null)
    throw cannotMove('SIGNATURES_WANTED', order.branch, `${signing} wants signed commits, and Troupe signs none`)
  await moveCheckout(order, git)
}

/** @throws TroupeError CHECKOUT_GONE where its files cannot be found */
function folderOf({ folder }: Checkout, { branch, repository }: Move): string {
  if (folder !== null && existsSync(folder)) return folder
  const where =
    folder === null
      ? `where only itself knows: git keeps no more of it than ${repository.commonDirectory}; apply from there`
      : `in ${folder}, which is not there`
  throw new TroupeError('CHECKOUT_GONE', `${branch} is checked out ${where}`)
}

/**
 * Locks the branch where it was found, takes the files along, and only then moves it: with a lock that cannot be had nothing has
 * changed, and whoever dies in between leaves files that the next apply takes for its own. None of it asks the user's merge settings.
 */
async function moveCheckout({ repository, ref, branch, from, to }: Move, git: Git): Promise<void> {
  const locked = await prepareRefs(git, [`update ${ref} ${to} ${from}`, `update ORIG_HEAD ${from}`])
  if ('refused' in locked) throw refusedBy(locked.refused, 'BRANCH_MOVED', branch)
  const { prepared } = locked
  try {
    const { stdout: head } = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1] })
    if (head !== `${ref}\n`) throw cannotMove('BRANCH_MOVED', branch, `${git.directory} has another branch by now`)
    const refusal = await moveFiles(git, { from, to })
    if (refusal !== null) throw refusedFor(refusal, branch)
    const said = await prepared.commit()
    if (said === null || (await commitAt(repository, ref)) === to) return
    const left = await moveFilesBack(git, { from, to })
    const undo = `git read-tree -m -u ${to} ${from} there takes them back`
    const more = left === null ? '' : `; the files in ${git.directory} have changed all the same (${left}): ${undo}`
    throw cannotMove('GIT_FAILED', branch, `git says: ${said.trim()}${more}`)
  } finally {
    await prepared.close()
  }
}

function refusedFor({ files, said }: Refusal, branch: string): TroupeError {
  // git names the file itself where it is an error of a file
  if (files.length === 0) return refusedBy(said, /^error: /m.test(said) ? 'CHECKOUT_DIRTY' : 'GIT_FAILED', branch)
  const more = files.length > manyFiles ? ` and ${files.length - manyFiles} more files` : ''
  const names = `${files.slice(0, manyFiles).map(shownPath).join(', ')}${more}`
  return cannotMove('CHECKOUT_DIRTY', branch, `your uncommitted changes in ${names} would be lost`)
}

/** How many files a message names. */
const manyFiles = 20

/** Why git refused: somebody's lock, or what `code` says. */
function refusedBy(said: string, code: ErrorCode, branch: string): TroupeError {
  const [, lock] = /Unable to create '(.+\.lock)': File exists/s.exec(said) ?? []
  if (lock === undefined) return cannotMove(code, branch, `git says: ${said.trim()}`)
  return cannotMove('GIT_LOCKED', branch, `${shownPath(lock)} is there: git is at work, or was killed`)
}

const cannotMove = (code: ErrorCode, branch: string, why: string): TroupeError =>
  new TroupeError(code, `${branch} cannot move: ${why}`)

async function swap({ repository, ref, branch, from, to }: Swap): Promise<void> {
  const { exitCode, stderr } = await repository.git.run(['update-ref', '-m', 'troupe apply', ref, to, from ?? ''], {
    accept: [0, 1, 128],
  })
  if (exitCode !== 0) throw refusedBy(stderr, 'BRANCH_MOVED', branch)
}

/** The checkout that has a ref; null for none. */
export const checkoutOf = async (repository: Repository, ref: string): Promise<Checkout | null> =>
  (await checkoutsOf(repository)).find((checkout) => checkout.ref === ref) ?? null
