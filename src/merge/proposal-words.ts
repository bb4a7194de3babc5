import type { Severity } from '../agents/agent.ts'
import type { UsageSum } from '../agents/usage.ts'
import { count } from '../count.ts'
import type { MergedFinding, Proposal } from './proposal.ts'

/** A proposal in a line: what the checks say, how much landed, what is unsettled. */
export function headlineOf({ verdict, tasks, conflicts }: Pick<Proposal, 'verdict' | 'tasks' | 'conflicts'>): string {
  const landed = tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const unsettled = conflicts.length === 0 ? 'no conflicts' : count(conflicts.length, 'conflict')
  return `${verdictWords[verdict]}: ${landed} of ${count(tasks.length, 'task')} landed, ${unsettled}`
}

const verdictWords = { pass: 'Checks pass', fail: 'Checks fail', 'not-run': 'Not checked' } as const

/** Whether anything of it was told; older proposals tell nothing of it. */
export const isKnownUsage = (usage: UsageSum | undefined): boolean =>
  usage !== undefined && [usage.inputTokens, usage.outputTokens, usage.costUsd].some((amount) => amount !== null)

/** Amounts that are known; a sum that may be too low begins with `≥`. */
export function usageText({ inputTokens, outputTokens, costUsd, unknown }: UsageSum): string {
  const amounts = [
    ...(inputTokens === null ? [] : [`${inputTokens} tokens in`]),
    ...(outputTokens === null ? [] : [`${outputTokens} out`]),
    ...(costUsd === null ? [] : [`${costText(costUsd)} USD`]),
  ]
  return amounts.length === 0 ? 'unknown' : `${unknown > 0 ? '≥ ' : ''}${amounts.join(', ')}`
}

/** In cents; what is less is told as that, and not as nothing. */
const costText = (usd: number): string => (usd > 0 && usd < 0.005 ? 'less than 0.01' : usd.toFixed(2))

const severityOrder = { error: 0, warning: 1, note: 2 } as const satisfies Record<Severity, number>

/** Findings in the order of how bad they are. */
export const worstFirst = (findings: readonly MergedFinding[]): readonly MergedFinding[] =>
  findings.toSorted((a, b) => severityOrder[a.severity] - severityOrder[b.severity])
