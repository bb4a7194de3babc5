import type { Finding } from '../../agent.ts'
import { type Grammar, isTestFile } from '../grammar.ts'
import type { SyntaxNode } from '../../../syntax/parser.ts'
import { byCodeUnit } from '../workspace.ts'
import type { Rule } from './rule.ts'

/** What the rules find in one file's tree. */
export function examine(file: string, grammar: Grammar, root: SyntaxNode, rules: readonly Rule[]): readonly Finding[] {
  const isTest = isTestFile(file)
  return rules
    .filter((rule) => (rule.grammars?.includes(grammar) ?? true) && !(isTest && rule.inTests === false))
    .flatMap((rule) => root.findAll({ rule: rule.match }).map((node) => findingAt(file, node, rule)))
    .toSorted(byPlace)
}

/** The order of findings: file, line, column, rule. */
export const byPlace = (left: Finding, right: Finding): number =>
  byCodeUnit(left.file, right.file) ||
  left.line - right.line ||
  left.column - right.column ||
  byCodeUnit(left.rule, right.rule)

function findingAt(file: string, node: SyntaxNode, { id, severity, message }: Rule): Finding {
  const { start, end } = node.range()
  return {
    rule: id,
    severity,
    file,
    line: start.line + 1,
    column: start.column + 1,
    endLine: end.line + 1,
    endColumn: end.column + 1,
    message,
    text: node.text().split(/\r?\n/, 1).join('').slice(0, 200),
  }
}
