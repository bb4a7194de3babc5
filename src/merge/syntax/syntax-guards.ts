import { declaredTwice } from './declared-twice.ts'
import { type AroundText, staleName } from './stale-name.ts'
import type { Trees, WholeVersions } from './trees.ts'

/** What speaks against a resolved source text. */
export type SyntaxFault =
  /** Something that neither side has; its line in what was read, from 1. */
  | { readonly kind: 'does not parse'; readonly line: number }
  | { readonly kind: 'declared twice'; readonly name: string }
  /** A name that one side uses and the other took away. */
  | { readonly kind: 'stale'; readonly name: string }

/** What was read does not tell. */
export const misread = Symbol('misread')

/** Why a resolved source text cannot be right by its syntax; null when nothing speaks against it, `misread` when all of it must be read to tell. */
export function brokenSyntax(
  text: string,
  versions: WholeVersions,
  around: AroundText,
): SyntaxFault | typeof misread | null {
  const sides = [versions.ours, versions.theirs]
  const fault = newFault(text, sides, around)
  if (fault !== null) return fault
  const twice = declaredTwice(text, sides, around)
  if (twice !== null) return { kind: 'declared twice', name: twice }
  const stale = staleName(text, versions, around)
  return stale === null ? null : { kind: 'stale', name: stale }
}

/** A fault for people. */
export function faultInWords(fault: SyntaxFault, lineOf: (line: number) => number): string {
  switch (fault.kind) {
    case 'does not parse':
      return `the result does not parse at line ${lineOf(fault.line)}`
    case 'declared twice':
      return `${fault.name} is declared twice`
    case 'stale':
      return `${fault.name} is still used, and the other side took it away`
  }
}

/** Whether nothing of a text is wrong by itself; what is missing is not looked for, which takes three times as long. */
export const parses = (text: string, trees: Trees): boolean => trees.of(text).find({ rule: { kind: 'ERROR' } }) === null

/** Where sides do not parse either, what was left out of them may be why. */
function newFault(
  text: string,
  sides: readonly string[],
  { trees, hidden }: AroundText,
): SyntaxFault | typeof misread | null {
  const faults = faultsIn(text, trees)
  if (faults.length === 0) return null
  const known = new Set(sides.flatMap((side) => faultsIn(side, trees).map((fault) => fault.text)))
  if (hidden.size > 0 && known.size > 0) return misread
  const fault = faults.find((one) => !known.has(one.text))
  return fault === undefined ? null : { kind: 'does not parse', line: fault.line }
}

/** What is wrong by itself, and what is missing: that is a leaf without a text. */
function faultsIn(text: string, trees: Trees): readonly { readonly text: string; readonly line: number }[] {
  return trees
    .of(text)
    .findAll({ rule: { any: [{ kind: 'ERROR' }, { regex: '^$' }] } })
    .filter((node) => node.kind() === 'ERROR' || node.isLeaf())
    .map((node) => ({ text: node.text() || `missing ${String(node.kind())}`, line: node.range().start.line + 1 }))
}
