import { type Applied, applyProposal } from '../changes/apply.ts'
import { nulSeparated, type Repository } from '../changes/repository.ts'
import { exitCodes } from '../errors.ts'
import { type Applicable, applicable } from './apply/applicable.ts'
import { findRun } from './find-run.ts'
import { readRun } from './read-run.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface ApplyOptions extends CommonOptions {
  readonly branch?: string
  readonly task?: string
  readonly snapshot?: boolean
  readonly only?: string
  readonly force: boolean
}

/** What came of it: what holds no change at all is not applied. */
type Outcome = Applied | { readonly how: 'nothing' }

/**
 * `troupe apply`: moves a branch to the proposal of a run, or to the work of one task. Throws CHECK_FAILED, and the errors of
 * applicable and applyProposal.
 */
export async function applyCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: ApplyOptions },
): Promise<number> {
  const { json, task, only, snapshot = false } = input.options
  const asked = { snapshot, ...(task !== undefined && { task }), ...(only !== undefined && { only }) }
  const run = await findRun(terminal.directory, input.arguments[0])
  const { repository } = run
  const work = await applicable(run, await readRun(run), asked)
  const outcome = await applied(work, repository, input.options)
  const undo = await undoOf(outcome, repository)
  if (json) {
    const { base, commit: to, verdict } = work
    const what = { schema: 'troupe/apply/1', run: run.id, task: task ?? null, snapshot }
    terminal.print(JSON.stringify({ ...what, base, proposal: to, verdict, ...outcome, undo }))
  } else {
    terminal.print(await textOf(outcome, { work, repository, undo }))
  }
  return exitCodes.ok
}

async function applied(work: Applicable, repository: Repository, options: ApplyOptions): Promise<Outcome> {
  const { base, commit, objection } = work
  if (commit === base) return { how: 'nothing' }
  const { branch = null, force } = options
  if (objection !== null && !force) throw objection
  return await applyProposal({ repository, branch, base, proposal: commit, force })
}

/** The command that puts the branch back; uncommitted changes outlive it. Null when nothing moved. */
async function undoOf(outcome: Outcome, { git }: Repository): Promise<string | null> {
  if (outcome.how === 'nothing' || outcome.how === 'already') return null
  const { branch, from } = outcome
  if (from === null) return `git branch -D ${branch}`
  const { stdout } = await git.run(['symbolic-ref', '--quiet', '--short', 'HEAD'], { accept: [0, 1] })
  return stdout.trim() === branch ? `git switch -C ${branch} ${short(from)}` : `git branch -f ${branch} ${short(from)}`
}

interface Telling {
  readonly work: Applicable
  readonly repository: Repository
  readonly undo: string | null
}

async function textOf(outcome: Outcome, { work, repository, undo }: Telling): Promise<string> {
  if (outcome.how === 'nothing') return `nothing to apply: ${work.name} changes no file`
  if (outcome.how === 'already') return `nothing to apply: ${outcome.branch} holds ${work.name} already`
  const { branch, from, to } = outcome
  const what = from === null ? `made ${branch} at ${short(to)}` : `moved ${branch} from ${short(from)} to ${short(to)}`
  const merged = outcome.how === 'merged' ? ', a merge with what the branch had gained' : ''
  const files = await filesOf(work, repository)
  return [
    `${what}${merged}: ${files} ${files === 1 ? 'file' : 'files'} changed, ${checked[work.verdict]}`,
    `undo: ${undo}`,
  ].join('\n')
}

async function filesOf({ base, commit }: Applicable, { git }: Repository): Promise<number> {
  return nulSeparated(await git.text(['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit])).length
}

const checked = { pass: 'checks pass', fail: 'a check failed', 'not-run': 'not checked' } as const

const short = (commit: string): string => commit.slice(0, 12)
