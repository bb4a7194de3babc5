import { realpathSync } from 'node:fs'
import { type Applied, checkoutOf } from '../../changes/apply.ts'
import { nulSeparated, type Repository } from '../../changes/repository.ts'
import type { CheckResult } from '../../merge/proposal.ts'
import { isUnchecked, overallVerdict } from '../../merge/check.ts'
import { plainText } from '../../plain-text.ts'
import type { Target } from './target.ts'

/** What came of it: what holds no change at all is not applied. */
export type Outcome = Applied | { readonly how: 'nothing' }

/** What is told of an outcome. */
export interface Telling extends Pick<Target, 'left' | 'held' | 'checks'> {
  /** Of what was applied, for people. */
  readonly name: string
  readonly base: string
  readonly repository: Repository
  readonly undo: string | null
}

/** What came of an apply, for people. */
export async function outcomeText(outcome: Outcome, telling: Telling): Promise<string> {
  const { name, base, checks, repository, undo, left, held } = telling
  if (outcome.how === 'nothing') return `nothing to apply: ${name} changes no file`
  if (outcome.how === 'already') return `nothing to apply: ${outcome.branch} holds ${name} already`
  const { branch, from, to } = outcome
  const what = from === null ? `made ${branch} at ${short(to)}` : `moved ${branch} from ${short(from)} to ${short(to)}`
  const folded = outcome.how === 'folded' ? ', folded onto what the branch had gained' : ''
  const files = await filesBetween(from ?? base, to, repository)
  return [
    `${what}${folded}: ${files} ${files === 1 ? 'file' : 'files'} changed, ${checkedText(checks ?? [])}`,
    ...(held.length === 0 ? [] : [`there already: ${held.join(', ')}`]),
    ...left.map(({ task, reason }) => `left out: ${task}: ${plainText(reason)}`),
    `undo: ${undo}`,
  ].join('\n')
}

/** The command, for a POSIX shell, that puts the branch back; uncommitted changes outlive it. Null when nothing moved. */
export async function undoOf(outcome: Outcome, repository: Repository): Promise<string | null> {
  if (outcome.how === 'nothing' || outcome.how === 'already') return null
  const { branch, from } = outcome
  const name = shellWord(branch)
  if (from === null) return `git branch -D ${name}`
  const checkout = await checkoutOf(repository, `refs/heads/${branch}`)
  if (checkout?.folder == null) return `git branch -f ${name} ${short(from)}`
  const isHere = realpathSync(checkout.folder) === repository.root
  return `git ${isHere ? '' : `-C ${shellWord(checkout.folder)} `}switch -C ${name} ${short(from)}`
}

const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

async function filesBetween(from: string, to: string, { git }: Repository): Promise<number> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--ignore-submodules=none', from, to]
  return nulSeparated(await git.text(args)).length
}

const checkedText = (checks: readonly CheckResult[]): string =>
  isUnchecked(checks) ? 'a check could not run' : checked[overallVerdict(checks)]

const checked = { pass: 'checks pass', fail: 'a check failed', 'not-run': 'not checked' } as const

const short = (commit: string): string => commit.slice(0, 12)
