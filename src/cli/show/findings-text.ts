import type { Finding } from '../../agents/agent.ts'
import type { TaskId } from '../../ids.ts'
import { quoted } from '../../merge/conflict-message.ts'
import { plainText } from '../../plain-text.ts'
import { table } from '../table.ts'

/** Findings as a table, in their order. */
export function findingsText(findings: readonly (Finding & { readonly tasks?: readonly TaskId[] })[]): string {
  if (findings.length === 0) return 'no findings'
  const rows = findings.map(({ severity, file, line, column, rule, message, tasks = [] }) =>
    [severity, `${quoted(file)}:${line}:${column}`, rule, tasks.join(' '), message].map(plainText),
  )
  return table(rows).join('\n')
}
