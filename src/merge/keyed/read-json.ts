import { BracketReader, json } from './bracketed.ts'
import { type KeyedNode, UnreadableKeys } from './node.ts'

/** A text of JSON, also with comments. Throws UnreadableKeys. */
export function readJson(text: string): KeyedNode {
  const reader = new BracketReader(text, json)
  const lead = reader.take('trivia')
  const node = reader.value()
  const rest = reader.take('trivia')
  if (reader.at < text.length || node.kind === 'scalar') throw new UnreadableKeys('no JSON')
  return { ...node, open: lead + node.open, close: node.close + rest }
}
