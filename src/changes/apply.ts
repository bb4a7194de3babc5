import { existsSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { asCommitId, type CommitId } from '../ids.ts'
import { nulSeparated, type Repository } from './repository.ts'

/** What is to be applied, and where. */
export interface ApplyOrder {
  readonly repository: Repository
  /** Short name of the branch; null for the one that is checked out. */
  readonly branch: string | null
  readonly base: CommitId
  readonly proposal: CommitId
  /** Merge when the branch has moved from the base. */
  readonly force: boolean
}

/** What `apply` did. */
export type Applied =
  | { readonly how: 'already'; readonly branch: string }
  | {
      readonly how: 'created' | 'fast-forward' | 'merged'
      readonly branch: string
      readonly from: CommitId | null
      readonly to: CommitId
    }

/**
 * Moves a branch to a proposal by compare-and-swap; the only place where Troupe touches a branch or the user's files.
 * A branch that is checked out is moved by `git merge --ff-only`, which keeps uncommitted changes or refuses.
 * @throws TroupeError BRANCH_MOVED, CHECKOUT_DIRTY, USAGE; nothing has moved then
 */
export async function applyProposal(order: ApplyOrder): Promise<Applied> {
  const { repository, proposal } = order
  const branch = order.branch ?? (await currentBranch(repository))
  const ref = `refs/heads/${branch}`
  await checkBranchName(repository, branch)
  const now = await commitAt(repository, ref)
  if (now === null) {
    await swap({ repository, ref, branch, from: null, to: proposal })
    return { how: 'created', branch, from: null, to: proposal }
  }
  if (await isAncestor(repository, proposal, now)) return { how: 'already', branch }
  const target = await targetOf(order, branch, now)
  await move({ repository, ref, branch, from: now, to: target })
  return { how: target === proposal ? 'fast-forward' : 'merged', branch, from: now, to: target }
}

async function currentBranch({ git, root }: Repository): Promise<string> {
  // not --short, which makes it heads/main where a tag is called main
  const { stdout } = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1] })
  const [, branch] = /^refs\/heads\/(.+)\n$/.exec(stdout) ?? []
  if (branch !== undefined) return branch
  throw new TroupeError('USAGE', `no branch is checked out in ${root}; name one with --branch`)
}

async function checkBranchName({ git }: Repository, branch: string): Promise<void> {
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

/** The proposal itself where the branch stands on its base, otherwise a merge or a later base, if that was asked for. */
async function targetOf(order: ApplyOrder, branch: string, now: CommitId): Promise<CommitId> {
  const { repository, base, proposal, force } = order
  if (now === base) return proposal
  const moved = `${branch} stands at ${short(now)}, the proposal is on ${short(base)}${await apart(repository, base, now)}`
  if (!force) throw new TroupeError('BRANCH_MOVED', moved)
  if (await isAncestor(repository, now, proposal)) return proposal
  const { git } = repository
  const args = ['merge-tree', '--write-tree', '--name-only', '-z', now, proposal]
  const { exitCode, stdout, stderr } = await git.run(args, { accept: [0, 1, 128] })
  const [tree = '', ...paths] = stdout.split('\0')
  if (exitCode === 128) throw new TroupeError('BRANCH_MOVED', `${moved}, and git says: ${stderr.trim()}`)
  if (exitCode !== 0) {
    const files = paths.slice(0, paths.indexOf('')).join(', ')
    throw new TroupeError('BRANCH_MOVED', `${moved}, and they conflict in ${files}`)
  }
  return asCommitId(
    await git.text(['commit-tree', tree, '-p', now, '-p', proposal, '-m', `Merge troupe proposal into ${branch}`]),
  )
}

/** How far a branch has come from the base. */
async function apart({ git }: Repository, base: CommitId, now: CommitId): Promise<string> {
  const counts = await git.text(['rev-list', '--left-right', '--count', `${base}...${now}`])
  const [lost = '0', gained = '0'] = counts.split('\t')
  const changes = [count(gained, 'more'), count(lost, 'fewer')].filter((change) => change !== '')
  return changes.length === 0 ? '' : ` (${changes.join(', ')})`
}

const count = (commits: string, which: string): string =>
  commits === '0' ? '' : `${commits} ${commits === '1' ? 'commit' : 'commits'} ${which}`

const short = (commit: CommitId): string => commit.slice(0, 12)

interface Move {
  readonly repository: Repository
  readonly ref: string
  readonly branch: string
  /** Where the branch must still be; null for a branch that must not be there yet. */
  readonly from: CommitId | null
  readonly to: CommitId
}

async function move({ repository, ref, branch, from, to }: Move): Promise<void> {
  const checkout = await checkoutOf(repository, ref)
  if (checkout === null) return await swap({ repository, ref, branch, from, to })
  if (!existsSync(checkout))
    throw new TroupeError('CHECKOUT_DIRTY', `${branch} is checked out in ${checkout}, which is not there`)
  const { exitCode, stderr } = await repository.git
    .at(checkout)
    .run(['merge', '--ff-only', '--quiet', '--no-autostash', '--no-overwrite-ignore', to], { accept: [0, 1, 128] })
  if (exitCode === 0) return
  const files = [...stderr.matchAll(/^\t(.+)$/gm)].map(([, file]) => file)
  const why =
    files.length > 0 ? `your uncommitted changes in ${files.join(', ')} would be lost` : `git says: ${stderr.trim()}`
  const stayed = (await commitAt(repository, ref)) === from
  throw new TroupeError(stayed ? 'CHECKOUT_DIRTY' : 'BRANCH_MOVED', `${branch} cannot move: ${why}`)
}

async function swap({ repository, ref, branch, from, to }: Move): Promise<void> {
  const { exitCode, stderr } = await repository.git.run(['update-ref', '-m', 'troupe apply', ref, to, from ?? ''], {
    accept: [0, 1, 128],
  })
  if (exitCode !== 0) throw new TroupeError('BRANCH_MOVED', `${branch} cannot move: git says: ${stderr.trim()}`)
}

/** The worktree in which a ref is checked out; null for none. */
async function checkoutOf({ git }: Repository, ref: string): Promise<string | null> {
  const parts = nulSeparated(await git.text(['worktree', 'list', '--porcelain', '-z']))
  const at = parts.indexOf(`branch ${ref}`)
  if (at === -1) return null
  const folder = parts.slice(0, at).findLast((part) => part.startsWith('worktree '))
  return folder?.slice('worktree '.length) ?? null
}
