import { readYaml } from './document.ts'

/** When a text counts as long, in characters, and how many tasks are read at a time. */
export interface LongYamlBounds {
  readonly from: number
  readonly atOnce: number
}

const usual: LongYamlBounds = { from: 65_536, atOnce: 500 }

/**
 * The value of a long YAML text, whose tasks are read some at a time: what is read takes some fifty times the memory of its text.
 * Null for a short text, for one whose tasks are no block sequence, and for one in which anything is wrong or worth a warning: whoever
 * reads that as a whole can say where.
 */
export function longYaml(text: string, { from, atOnce }: LongYamlBounds = usual): object | null {
  if (text.length < from || unusual.test(text)) return null
  const cut = cutAtTasks(text)
  if (cut === null) return null
  const whole = soundValue(`${cut.head}tasks: []\n${cut.tail}`)
  if (whole === null || !standsAlone(cut.tail)) return null
  const tasks: unknown[] = []
  for (const part of partsOf(cut, atOnce)) {
    const { tasks: read, ...others } = soundValue(`tasks:\n${part}`) ?? {}
    if (!Array.isArray(read) || Object.keys(others).length > 0) return null // a key may begin with a dash
    for (const task of read as readonly unknown[]) tasks.push(task)
  }
  return { ...whole, tasks }
}

/** More than one document, and what only regular expressions take for the end of a line. */
const unusual = /^(?:---|\.\.\.|%)|\r(?!\n)|[\u2028\u2029]/m

/** An alias behind the tasks may mean an anchor among them, though one before them has the same name. */
const standsAlone = (tail: string): boolean => !tail.includes('*') || soundValue(tail) !== null

function soundValue(text: string): Readonly<Record<string, unknown>> | null {
  const { value, mistakes, repeated, warnings } = readYaml(text)
  const isSound =
    mistakes.length + repeated.length + warnings.length === 0 && typeof value === 'object' && !Array.isArray(value)
  return isSound ? (value as Readonly<Record<string, unknown>> | null) : null
}

interface Cut {
  /** What stands before the key `tasks`. */
  readonly head: string
  readonly tasks: string
  /** From the next key on. */
  readonly tail: string
  /** What stands before the dash of each task. */
  readonly indent: string
}

/** Null where there is no such key, or no dash below it. A place within a quoted text leaves a quote open, which is a mistake in the part. */
function cutAtTasks(text: string): Cut | null {
  const key = /^tasks:[ \t]*(?:#.*)?\r?\n/m.exec(text)
  if (key === null) return null
  const from = key.index + key[0].length
  const [, indent] = /^(?:[ \t]*(?:#.*)?\r?\n)*( *)- /.exec(text.slice(from, from + 65_536)) ?? []
  if (indent === undefined) return null
  const next = /^[^\s#-]/gm
  next.lastIndex = from
  const to = next.exec(text)?.index ?? text.length
  return { head: text.slice(0, key.index), tasks: text.slice(from, to), tail: text.slice(to), indent }
}

function* partsOf({ tasks, indent }: Cut, atOnce: number): Generator<string> {
  const begin = new RegExp(`^${indent}- `, 'gm')
  let from = 0
  let count = 0
  for (const { index } of tasks.matchAll(begin)) {
    if (count > 0 && count % atOnce === 0) {
      yield tasks.slice(from, index)
      from = index
    }
    count += 1
  }
  yield tasks.slice(from)
}
