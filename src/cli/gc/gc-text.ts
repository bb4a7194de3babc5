import { sizeText } from '../../monitor/size-text.ts'
import { isEmpty } from './plan-collection.ts'
import type { Collected } from './collect-run.ts'
import type { LeftWorktree, RunRemains } from './run-remains.ts'
import { count } from '../../count.ts'

/** How a collection is told. */
export interface GcTelling {
  readonly dryRun: boolean
  /** Runs that could not be collected: what is left of them is unknown. */
  readonly failed: number
}

/** What was collected, a line for each run of which something was taken or something stays that is no run's any more; may be empty. */
export function gcText(all: readonly Collected[], { dryRun, failed }: GcTelling): string {
  const told = all.flatMap((one) => linesOf(one, dryRun))
  const freed = all.reduce((sum, one) => sum + bytesOf(one), 0)
  const total = all.reduce((sum, { remains }) => sum + remains.bytes, 0)
  if (all.some(({ collection }) => !isEmpty(collection)))
    return [...told, `${dryRun ? 'would free' : 'freed'} ${sizeText(freed)} of ${sizeText(total)}`].join('\n')
  // where one could not be collected, there is something
  const nothing = failed > 0 ? [] : [`nothing to collect: ${count(all.length, 'run')} on ${sizeText(total)}`]
  return [...told, ...nothing].join('\n')
}

/** Bytes that a collection sets free. */
export function bytesOf({ remains, collection: { seal, remove, whole } }: Collected): number {
  return whole ? remains.bytes : [...seal, ...remove].reduce((sum, { bytes }) => sum + bytes, 0)
}

function linesOf(collected: Collected, dryRun: boolean): readonly string[] {
  const { remains, collection } = collected
  const { run, problem } = remains
  const what = actions(collected)
  const would = dryRun && what.length > 0 ? 'would have ' : ''
  const left = collection.leave
    .filter(() => remains.standing !== 'at-work')
    .map((one) => `    ${leftText(remains, one)}`)
  if (what.length === 0 && left.length === 0 && problem === null) return []
  const did = what.length === 0 ? (problem ?? 'nothing to take away') : `${would}${what.join(', ')}`
  return [`${run}  ${remains.standing}: ${did}`, ...left]
}

function actions({ collection: { processes, proxies, seal, remove, whole }, remains }: Collected): readonly string[] {
  const worktrees = [...seal, ...remove]
  return [
    ...some(processes.length, 'ended', 'process', 'processes'),
    ...some(proxies.length, 'removed what was left of', 'proxy', 'proxies'),
    ...some(seal.length, 'sealed the work in', 'worktree', 'worktrees'),
    ...some(worktrees.length, 'removed', 'worktree', 'worktrees'),
    ...(whole ? ['removed its folder', ...some(remains.refs.length, 'removed', 'ref', 'refs')] : []),
  ]
}

const some = (amount: number, did: string, one: string, many: string): readonly string[] =>
  amount === 0 ? [] : [`${did} ${count(amount, one, many)}`]

function leftText({ run }: RunRemains, { directory, bytes, holds }: LeftWorktree): string {
  const where = `${directory} (${sizeText(bytes)})`
  return holds === 'kept'
    ? `left: ${where}: its work could not be sealed; take what you need and delete the folder`
    : `left: ${where}: unsealed work; troupe resume ${run} goes on with it, troupe gc --unfinished seals it`
}
