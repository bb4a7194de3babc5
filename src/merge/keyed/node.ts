/** A text of keys and values as a tree that prints back to the very same text. */
export type KeyedNode = KeyedScalar | KeyedContainer

/** Anything that is not looked into. */
export interface KeyedScalar {
  readonly kind: 'scalar'
  readonly text: string
}

/** Keys with values, or values alone. */
export interface KeyedContainer {
  readonly kind: 'map' | 'list'
  readonly open: string
  readonly entries: readonly KeyedEntry[]
  readonly close: string
  /** What stands between two entries. */
  readonly separator: string
  /** Whether the last entry has it too. */
  readonly isEnded: boolean
}

/** One key with its value, or a value of a list, which is its own key. */
export interface KeyedEntry {
  readonly key: string
  /** White space and comments before it. */
  readonly lead: string
  /** The key as it is written, up to the value. */
  readonly name: string
  readonly value: KeyedNode
  /** What stands between the value and the separator. */
  readonly gap: string
  /** What follows on the same line. */
  readonly tail: string
}

/** A text that cannot be read as keys and values. */
export class UnreadableKeys extends Error {}

/** The text of a node. */
export function printNode(node: KeyedNode): string {
  if (node.kind === 'scalar') return node.text
  const { open, entries, close, separator, isEnded } = node
  const printed = entries.map(({ lead, name, value, gap, tail }, at) => {
    const end = at < entries.length - 1 || isEnded ? separator : ''
    return `${lead}${name}${printNode(value)}${gap}${end}${tail}`
  })
  return `${open}${printed.join('')}${close}`
}

/** What a node says, whatever its white space, comments, and order of keys. */
export function meaningOf(node: KeyedNode): string {
  if (node.kind === 'scalar') return node.text.trim()
  if (node.kind === 'list') return JSON.stringify(['list', ...node.entries.map(({ value }) => meaningOf(value))])
  const pairs = node.entries.map(({ key, value }) => [key, meaningOf(value)] as const)
  return JSON.stringify(['map', ...pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

/** Refuses a key that comes twice: nothing could say which one is meant. */
export function withoutTwins(entries: readonly KeyedEntry[]): readonly KeyedEntry[] {
  if (new Set(entries.map(({ key }) => key)).size < entries.length) throw new UnreadableKeys('a key comes twice')
  return entries
}
