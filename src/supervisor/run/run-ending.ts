import { exitCodes } from '../../errors.ts'
import type { Proposal } from '../../merge/proposal.ts'
import { count } from '../../count.ts'

/** How a run came out, as an exit status and a sentence. */
export interface RunEnding {
  readonly exitCode: number
  readonly reason: string
}

/** 0 only when every task landed (or had nothing to change) and no check failed or stayed unrun, unless there is nothing to check. */
export function endingOf(proposal: Proposal): RunEnding {
  if (proposal.interrupted) return { exitCode: exitCodes.interrupted, reason: 'the run was interrupted' }
  const isNothing = proposal.commit === proposal.base
  const faults = [...taskFaults(proposal), ...(isNothing ? [] : checkFaults(proposal))]
  if (faults.length > 0) return { exitCode: exitCodes.unfinished, reason: faults.join('; ') }
  if (isNothing) return { exitCode: exitCodes.ok, reason: 'no task had anything to change' }
  const checked = proposal.checks.length === 0 ? 'there was no check to run' : 'all checks pass'
  return { exitCode: exitCodes.ok, reason: `every task is in; ${checked}` }
}

function taskFaults({ tasks }: Proposal): readonly string[] {
  const having = (...states: readonly string[]): number =>
    tasks.filter(({ disposition }) => states.includes(disposition.state)).length
  const counted = [
    { amount: having('failed'), words: 'failed' },
    { amount: having('blocked', 'cancelled', 'not-started'), words: 'did not run' },
    { amount: having('left-out'), words: 'left out' },
  ]
  return counted.filter((fault) => fault.amount > 0).map((fault) => `${count(fault.amount, 'task')} ${fault.words}`)
}

function checkFaults({ checks }: Proposal): readonly string[] {
  return checks
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ name, verdict }) => `check ${name} ${verdict === 'fail' ? 'failed' : 'could not run'}`)
}
