import { readFileSync } from 'node:fs'
import { deadLetterMessage } from '../logged-dead-letters.ts'

/** How many messages reached nobody in a run, by reason. */
export type DeadLetterCounts = Readonly<Record<string, number>>

/** Counts the dead letters that a run's supervisors have logged; each line tells how many there were so far of its reason. */
export function deadLettersIn(supervisorLog: string): DeadLetterCounts {
  const counts: Record<string, number> = {}
  for (const line of linesOf(supervisorLog)) {
    if (!line.includes(deadLetterMessage)) continue
    const told = toldIn(line)
    if (told !== null) counts[`${told.pid} ${told.reason}`] = told.count
  }
  const byReason = Object.entries(counts).map(([key, count]) => ({ reason: key.slice(key.indexOf(' ') + 1), count }))
  const groups = Map.groupBy(byReason, ({ reason }) => reason)
  return Object.fromEntries(
    [...groups].map(([reason, all]) => [reason, all.reduce((sum, { count }) => sum + count, 0)]),
  )
}

/** Null for a line that a supervisor was killed over, and another one wrote on. */
function toldIn(line: string): { readonly reason: string; readonly count: number; readonly pid: number } | null {
  try {
    return JSON.parse(line) as ReturnType<typeof toldIn>
  } catch {
    return null
  }
}

/** The whole lines of a log; none while there is no log. */
function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
