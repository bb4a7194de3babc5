import type { Finding } from '../agents/agent.ts'
import type { TaskId } from '../ids.ts'
import type { MergedFinding } from './proposal.ts'

/**
 * All findings of all tasks, each once: same rule, file, line, column and text is the same finding. The first task's wording
 * is kept and every task that found it is named, in the order given. Sorted by file, place, then rule.
 */
export function mergeFindings(
  tasks: readonly { readonly task: TaskId; readonly findings: readonly Finding[] }[],
): readonly MergedFinding[] {
  const merged = new Map<string, MergedFinding>()
  for (const { task, findings } of tasks) {
    for (const finding of findings) {
      const key = JSON.stringify([finding.rule, finding.file, finding.line, finding.column, finding.text])
      const known = merged.get(key)
      merged.set(key, { ...(known ?? finding), tasks: [...new Set([...(known?.tasks ?? []), task])] })
    }
  }
  return [...merged.values()].toSorted(byPlace)
}

function byPlace(a: Finding, b: Finding): number {
  return (
    byText(a.file, b.file) || a.line - b.line || a.column - b.column || byText(a.rule, b.rule) || byText(a.text, b.text)
  )
}

const byText = (a: string, b: string): number => Number(a > b) - Number(a < b)
