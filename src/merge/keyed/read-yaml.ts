import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import { type KeyedContainer, type KeyedEntry, type KeyedNode, UnreadableKeys, withoutTwins } from './node.ts'

const require = createRequire(import.meta.url)

/**
 * A text of YAML as far as it is made of block mappings and lists of plain values; anything else in it is taken as it is.
 * Throws UnreadableKeys, also for what YAML itself does not accept.
 */
export function readYaml(text: string): KeyedNode {
  const { parseDocument } = require('yaml') as typeof Yaml // a hundred modules that few folds need
  if (parseDocument(text).errors.length > 0) throw new UnreadableKeys('no YAML')
  const all = text.split(/(?<=\n)/)
  const node = blockOf(all)
  if (node.kind === 'scalar' || node.entries.length === 0) throw new UnreadableKeys('no mapping')
  return node
}

const saysNothing = (line: string): boolean => /^\s*(?:#|$)/.test(line)
const indentOf = (line: string): number => /^ */.exec(line)?.[0].length ?? 0

/** Lines that are one value: a mapping, a list, or something that is not looked into. */
function blockOf(all: readonly string[]): KeyedNode {
  const first = all.find((line) => !saysNothing(line))
  if (first === undefined) return { kind: 'scalar', text: all.join('') }
  const kind = /^ *- /.test(first) ? 'list' : 'map'
  const pattern = kind === 'list' ? item : key
  const indent = indentOf(first)
  const entries: KeyedEntry[] = []
  let lead = ''
  for (let at = 0; at < all.length;) {
    const line = all[at] ?? ''
    if (saysNothing(line)) {
      lead += line
      at += 1
      continue
    }
    const end = endOf(all, at, indent)
    const match = indentOf(line) === indent ? pattern.exec(line) : null
    if (match === null) return { kind: 'scalar', text: all.join('') }
    const entry = entryOf(kind, match, { lead, below: all.slice(at + 1, end) })
    if (entry === null) return { kind: 'scalar', text: all.join('') }
    entries.push(entry)
    lead = ''
    at = end
  }
  const container = { kind, open: '', entries, close: lead, separator: '', isEnded: false } satisfies KeyedContainer
  return new Set(entries.map((one) => one.key)).size < entries.length && kind === 'list'
    ? { kind: 'scalar', text: all.join('') }
    : { ...container, entries: withoutTwins(entries) }
}

const key = /^( *(?:"([^"\n]*)"|'([^'\n]*)'|([\w$./@~^+(<>=*-][^#\n:'"]*?)) *:)(?:[ \t]+(?=\S)|(?=[ \t]*\r?\n|$))/
const item = /^( *- +)()()(?=\S)/

/** What follows a line and belongs to it: deeper lines, and a list under its key. Comments at its end belong to what comes next. */
function endOf(all: readonly string[], from: number, indent: number): number {
  let end = from + 1
  for (let at = from + 1; at < all.length; at += 1) {
    const line = all[at] ?? ''
    if (saysNothing(line)) continue
    const isListBelow = /^ *-(?: |\r?\n|$)/.test(line) && indentOf(line) === indent && !/^ *- /.test(all[from] ?? '')
    if (indentOf(line) <= indent && !isListBelow) break
    end = at + 1
  }
  return end
}

interface Around {
  readonly lead: string
  readonly below: readonly string[]
}

function entryOf(kind: 'map' | 'list', match: RegExpExecArray, around: Around): KeyedEntry | null {
  const [name = '', , double, single, bare = ''] = match
  const rest = match.input.slice(name.length)
  if (kind === 'map') return keyOf(double ?? single ?? bare, { name, rest }, around)
  const value = around.below.length > 0 ? undefined : plain.exec(rest)?.groups
  if (value === undefined) return null
  const { text = '', tail = '' } = value
  return { key: text, lead: around.lead, name, value: { kind: 'scalar', text }, gap: '', tail }
}

interface Line {
  /** The key, up to its value. */
  readonly name: string
  readonly rest: string
}

function keyOf(called: string, { name, rest }: Line, { lead, below }: Around): KeyedEntry {
  const own = { key: called, lead, gap: '' }
  if (saysNothing(rest) && below.length > 0) return { ...own, name: name + rest, value: blockOf(below), tail: '' }
  const value = below.length === 0 ? plain.exec(rest)?.groups : undefined
  const { text = rest + below.join(''), tail = '' } = value ?? {}
  return { ...own, name, value: { kind: 'scalar', text }, tail }
}

/** A value on one line, and what follows it. */
const plain =
  /^(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s"'#|>&*!{[\n](?:[^\n:#]|:(?=\S)|(?<=\S)#)*?|)(?<tail>[ \t]*(?:(?<=\s)#[^\n]*)?\r?\n?)$/
