import { type Applied, applyProposal } from '../changes/apply.ts'
import type { Repository } from '../changes/repository.ts'
import { exitCodes, TroupeError } from '../errors.ts'
import type { Proposal } from '../merge/proposal.ts'
import { plainText } from '../monitor/plain-text.ts'
import { findRun } from './find-run.ts'
import { readRun } from './read-run.ts'
import { readProposal } from './show/read-proposal.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface ApplyOptions extends CommonOptions {
  readonly branch?: string
  readonly force: boolean
}

/** What came of it: a proposal without any change is not applied. */
type Outcome = Applied | { readonly how: 'nothing' }

/** `troupe apply`: moves a branch to the proposal of a run. Throws CHECK_FAILED, and the errors of applyProposal. */
export async function applyCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: ApplyOptions },
): Promise<number> {
  const { json } = input.options
  const run = await findRun(terminal.directory, input.arguments[0])
  const { repository } = run
  const proposal = readProposal(run, await readRun(run))
  const outcome = await applied(proposal, repository, input.options)
  const undo = await undoOf(outcome, repository)
  if (json) {
    const { base, commit: to, verdict } = proposal
    terminal.print(
      JSON.stringify({ schema: 'troupe/apply/1', run: run.id, base, proposal: to, verdict, ...outcome, undo }),
    )
  } else {
    terminal.print(textOf(outcome, proposal, undo))
  }
  return exitCodes.ok
}

async function applied(proposal: Proposal, repository: Repository, options: ApplyOptions): Promise<Outcome> {
  const { base, commit } = proposal
  if (commit === base) return { how: 'nothing' }
  const { branch = null, force } = options
  if (proposal.verdict === 'fail' && !force) throw checkFailed(proposal)
  return await applyProposal({ repository, branch, base, proposal: commit, force })
}

function checkFailed({ run, checks }: Proposal): TroupeError {
  const failed = checks.filter(({ verdict }) => verdict === 'fail')
  const why = failed.map(({ name, reason }) => plainText(reason === null ? name : `${name}: ${reason}`)).join('; ')
  return new TroupeError('CHECK_FAILED', `the proposal of run ${run} did not pass its checks (${why})`, {
    details: failed,
  })
}

/** The command that puts the branch back; uncommitted changes outlive it. Null when nothing moved. */
async function undoOf(outcome: Outcome, { git }: Repository): Promise<string | null> {
  if (outcome.how === 'nothing' || outcome.how === 'already') return null
  const { branch, from } = outcome
  if (from === null) return `git branch -D ${branch}`
  const { stdout } = await git.run(['symbolic-ref', '--quiet', '--short', 'HEAD'], { accept: [0, 1] })
  return stdout.trim() === branch ? `git switch -C ${branch} ${short(from)}` : `git branch -f ${branch} ${short(from)}`
}

function textOf(outcome: Outcome, { files, verdict }: Proposal, undo: string | null): string {
  if (outcome.how === 'nothing') return 'nothing to apply: the proposal changes no file'
  if (outcome.how === 'already') return `nothing to apply: ${outcome.branch} holds the proposal already`
  const { branch, from, to } = outcome
  const what = from === null ? `made ${branch} at ${short(to)}` : `moved ${branch} from ${short(from)} to ${short(to)}`
  const merged = outcome.how === 'merged' ? ', a merge with what the branch had gained' : ''
  return [
    `${what}${merged}: ${files.length} ${files.length === 1 ? 'file' : 'files'} changed, ${checked[verdict]}`,
    `undo: ${undo}`,
  ].join('\n')
}

const checked = { pass: 'checks pass', fail: 'a check failed', 'not-run': 'not checked' } as const

const short = (commit: string): string => commit.slice(0, 12)
