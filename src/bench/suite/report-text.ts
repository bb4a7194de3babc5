import { measuredTable, ratioTable, type Report } from './report.ts'
import type { Table } from './question.ts'

/** A report for a terminal or a document, as Markdown. */
export function reportToMarkdown({ at, full, seed, machine, versions, answers }: Report): string {
  const head = [
    `# Benchmarks, ${full ? 'full' : 'short'} form, ${at}`,
    '',
    `${machine.system}, ${machine.cores} cores (${machine.cpu}), ${machine.memoryMb} MB; Node ${versions['node'] ?? ''}; seed ${seed}`,
  ]
  const parts = answers.map((answer) => {
    const tables = [...answer.tables, ratioTable(answer), measuredTable(answer)].filter(({ rows }) => rows.length > 0)
    const notes = answer.notes.map((note) => `- ${note}`)
    return [`## ${answer.title}`, ...tables.map(tableText), ...(notes.length === 0 ? [] : [notes.join('\n')])].join(
      '\n\n',
    )
  })
  return `${[head.join('\n'), ...parts].join('\n\n')}\n`
}

/** Columns as wide as their widest cell. */
export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length), 3))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |`
  return [`${title}:`, '', line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
