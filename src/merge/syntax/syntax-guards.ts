import { declaredTwice } from './declared-twice.ts'
import { staleName } from './stale-name.ts'
import type { Trees, WholeVersions } from './trees.ts'
import type { NewWords } from './words.ts'

/**
 * Why a resolved source text cannot be right by its syntax; null when nothing speaks against it.
 * @param put the words of the lines that each side put
 */
export function brokenSyntax(text: string, versions: WholeVersions, trees: Trees, put: NewWords): string | null {
  const { ours, theirs } = versions
  const fault = newFault(text, [ours, theirs], trees)
  if (fault !== null) return `the result does not parse at line ${fault}`
  const twice = declaredTwice(text, [ours, theirs], trees, new Set([...put.ours, ...put.theirs]))
  if (twice !== null) return `${twice} is declared twice`
  const stale = staleName(text, versions, trees, put)
  return stale === null ? null : `${stale} is still used, and the other side took it away`
}

/** The line, from 1, of something that does not parse and that neither side has. */
function newFault(text: string, sides: readonly string[], trees: Trees): number | null {
  const faults = faultsIn(text, trees)
  if (faults.length === 0) return null
  const known = new Set(sides.flatMap((side) => faultsIn(side, trees).map((fault) => fault.text)))
  return faults.find((fault) => !known.has(fault.text))?.line ?? null
}

/** What is wrong by itself, and what is missing: that is a leaf without a text. */
function faultsIn(text: string, trees: Trees): readonly { readonly text: string; readonly line: number }[] {
  return trees
    .of(text)
    .findAll({ rule: { any: [{ kind: 'ERROR' }, { regex: '^$' }] } })
    .filter((node) => node.kind() === 'ERROR' || node.isLeaf())
    .map((node) => ({ text: node.text() || `missing ${String(node.kind())}`, line: node.range().start.line + 1 }))
}
