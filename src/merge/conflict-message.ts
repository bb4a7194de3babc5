import { unreachable } from '../errors.ts'
import type { TaskId } from '../ids.ts'
import type { ConflictPlace, LineRange } from './conflict.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'

/** Who disagrees, and where. */
export interface Disagreement {
  readonly ours: TaskId
  readonly theirs: TaskId
  readonly places: readonly ConflictPlace[]
}

/** One sentence for people: what each of the two tasks did to the file. */
export function conflictMessage(file: ConflictedFile, { ours, theirs, places }: Disagreement): string {
  const name = quoted(file.path)
  switch (file.kind) {
    case 'content':
      return `${ours}${linesOf(places, 'ours')} and ${theirs}${linesOf(places, 'theirs')} changed the same part of ${name}.`
    case 'add/add':
      return `${ours} and ${theirs} both added ${name}, with different content.`
    case 'modify/delete':
      return file.ours === null
        ? `${ours} deleted ${name} and ${theirs} changed it.`
        : `${ours} changed ${name} and ${theirs} deleted it.`
    case 'rename':
      if (file.ours === null && file.theirs === null)
        return `${ours} and ${theirs} disagree on where files of ${name} belong.`
      return `${ours} ${moved(file, file.ours)} and ${theirs} ${moved(file, file.theirs)}; git cannot tell where it belongs.`
    case 'mode':
      return `${name} is ${thing(file.ours)} in ${ours} and ${thing(file.theirs)} in ${theirs}.`
    case 'binary':
      return `${ours} and ${theirs} both changed ${name}, which cannot be merged line by line.`
    default:
      return unreachable(file.kind)
  }
}

/** A range of lines as people write it; an empty one names the line it follows. */
export function rangeText({ from, to }: LineRange): string {
  if (to < from) return `after ${to}`
  return to === from ? `${from}` : `${from}-${to}`
}

/** A file name that can stand in a line of text: with quotes and escapes, as in JSON, only where it needs them. */
export const quoted = (path: string): string =>
  /[\p{C}"\\]|^\s|\s$/u.test(path) ? JSON.stringify(path).replaceAll(/\p{C}/gu, escapedUnits) : path

const escapedUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')

function linesOf(places: readonly ConflictPlace[], side: 'ours' | 'theirs'): string {
  const ranges = places.map((place) => rangeText(place[side]))
  const isOne = /^\d+$/.test(ranges.join())
  return ranges.length === 0 ? '' : ` (${isOne ? 'line' : 'lines'} ${ranges.join(', ')})`
}

function moved({ path, base }: ConflictedFile, stage: Stage | null): string {
  const name = quoted(path)
  // without a base the file is new: the other side renamed the folder it is in
  if (base === null) return stage === null ? `moved the folder of ${name}` : `put a file at ${name}`
  if (stage === null) return `deleted ${name}`
  return stage.path === path ? `changed ${name}` : `moved ${name} to ${quoted(stage.path)}`
}

function thing(stage: Stage | null): string {
  if (stage === null) return 'a folder'
  if (stage.mode === '120000') return 'a link'
  return stage.mode === '100755' ? 'an executable file' : 'a file'
}
