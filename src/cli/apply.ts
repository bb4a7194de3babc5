import { applyProposal } from '../changes/apply.ts'
import { exitCodes } from '../errors.ts'
import { overallVerdict } from '../merge/check.ts'
import { applicable } from './apply/applicable.ts'
import { checkTarget } from './apply/check-target.ts'
import { type Outcome, outcomeText, undoOf } from './apply/outcome-text.ts'
import { type Target, targetFor, type TargetParts } from './apply/target.ts'
import { findRun } from './find-run.ts'
import { readRun } from './read-run.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface ApplyOptions extends CommonOptions {
  readonly branch?: string
  readonly task?: string
  readonly snapshot?: boolean
  readonly only?: string
  readonly force: boolean
  readonly partial: boolean
  readonly check: boolean
}

/**
 * `troupe apply`: moves a branch to the proposal of a run, to a part of it, or to the work of one task; a branch that has moved gets
 * the same change sets folded onto it. Throws the errors of applicable, targetFor and applyProposal.
 */
export async function applyCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: ApplyOptions },
): Promise<number> {
  const { json, task, only, snapshot = false, branch = null, ...demands } = input.options
  const asked = { snapshot, ...(task !== undefined && { task }), ...(only !== undefined && { only }) }
  const run = await findRun(terminal.directory, input.arguments[0])
  const reading = await readRun(run)
  const work = await applicable(run, reading, asked)
  const check: TargetParts['check'] = (commit) => checkTarget({ run, reading, terminal }, commit)
  const { outcome, target } = await applied({ run, reading, work, demands, check }, branch)
  const told = { ...work, ...target, verdict: overallVerdict(target.checks ?? []) }
  const undo = await undoOf(outcome, run.repository)
  if (json) {
    const what = { schema: 'troupe/apply/1', run: run.id, task: task ?? null, only: only ?? null, snapshot }
    const { base, verdict, left, held, conflicts, checks } = told
    terminal.print(
      JSON.stringify({
        ...what,
        base,
        proposal: work.commit,
        verdict,
        ...outcome,
        left,
        held,
        conflicts,
        checks,
        undo,
      }),
    )
  } else {
    terminal.print(await outcomeText(outcome, { ...told, repository: run.repository, undo }))
  }
  return told.left.length > 0 ? exitCodes.unfinished : exitCodes.ok
}

interface Done {
  readonly outcome: Outcome
  readonly target: Omit<Target, 'commit'>
}

async function applied(parts: TargetParts, branch: string | null): Promise<Done> {
  const { base, commit: proposal, checks } = parts.work
  let made: Done['target'] = { checks, left: [], held: [], conflicts: [] }
  if (proposal === base) return { outcome: { how: 'nothing' }, target: made }
  const outcome = await applyProposal({
    repository: parts.run.repository,
    branch,
    base,
    proposal,
    async target(standing) {
      const { commit, ...rest } = await targetFor(parts, standing)
      made = rest
      return commit
    },
  })
  return { outcome, target: made }
}
