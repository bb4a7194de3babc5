import { BracketReader, toml } from './bracketed.ts'
import {
  type KeyedContainer,
  type KeyedEntry,
  type KeyedNode,
  printNode,
  UnreadableKeys,
  withoutTwins,
} from './node.ts'

/** A text of TOML: its tables, each by its whole name, as keys beside those that come before any. Throws UnreadableKeys. */
export function readToml(text: string): KeyedNode {
  const root: KeyedEntry[] = []
  let table: { readonly head: Omit<KeyedEntry, 'value'>; readonly entries: KeyedEntry[] } | null = null
  const counts = new Map<string, number>()
  const close = (): void => {
    if (table !== null) root.push({ ...table.head, value: lines(table.entries) })
  }
  let lead = ''
  for (let at = 0; at < text.length;) {
    const line = lineAt(text, at)
    if (/^\s*(?:#|$)/.test(line)) {
      lead += line
      at += line.length
      continue
    }
    const header = /^\s*(\[\[?[^\]]+\]\]?)\s*(?:#.*)?$/.exec(line.trimEnd())?.[1]
    if (header !== undefined) {
      close()
      table = { head: { key: numbered(header, counts), lead, name: line, gap: '', tail: '' }, entries: [] }
      at += line.length
    } else {
      const entry = keyAt(text, at, lead)
      ;(table?.entries ?? root).push(entry)
      at += entry.name.length + printNode(entry.value).length + entry.tail.length
    }
    lead = ''
  }
  close()
  return { ...lines(root), close: lead }
}

/** Tables of a list are known by their number. */
function numbered(header: string, counts: Map<string, number>): string {
  const key = header.replaceAll(/\s/g, '')
  if (!key.startsWith('[[')) return key
  counts.set(key, (counts.get(key) ?? 0) + 1)
  return `${key} ${counts.get(key)}`
}

function keyAt(text: string, at: number, lead: string): KeyedEntry {
  const name =
    /^[ \t]*((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)[ \t]*=[ \t]*/.exec(
      lineAt(text, at),
    )
  if (name === null) throw new UnreadableKeys('no key')
  const reader = new BracketReader(text, toml, at + name[0].length)
  const value = valueAt(reader, text)
  const tail = lineAt(text, reader.at)
  if (!/^\s*(?:#|$)/.test(tail)) throw new UnreadableKeys('more than a value')
  return { key: (name[1] ?? '').replaceAll(/\s/g, ''), lead, name: name[0], value, gap: '', tail }
}

/** A date and a time may have a space between them. */
function valueAt(reader: BracketReader, text: string): KeyedNode {
  const from = reader.at
  const value = reader.value()
  const time = /^ \d\d:[\w.:+-]+/.exec(lineAt(text, reader.at))?.[0] ?? ''
  if (value.kind !== 'scalar' || time === '') return value
  reader.at += time.length
  return { kind: 'scalar', text: text.slice(from, reader.at) }
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf('\n', at)
  return text.slice(at, end === -1 ? text.length : end + 1)
}

const lines = (entries: readonly KeyedEntry[]): KeyedContainer => ({
  kind: 'map',
  open: '',
  entries: withoutTwins(entries),
  close: '',
  separator: '',
  isEnded: false,
})
