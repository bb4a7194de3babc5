import type { Chunk } from '../text/three-way.ts'
import { bareLines } from './bare-lines.ts'
import { extensionOf } from './by-extension.ts'
import type { FileFacts } from './file-facts.ts'
import type { Grade, Resolution, Resolver } from './resolver.ts'
import { similarity, tokensOf } from './similarity.ts'

/** The name of what form alone decides, be it by lines or by syntax (resolve-formatting.ts). */
export const formattingName = 'formatting'

/** One side changed nothing but where lines end and the comma in front of a closing bracket, or both wrote the same but for that. */
export const formatting: Resolver = {
  name: formattingName,
  resolve(chunk, file) {
    const formed = formOf(file)
    if (formed === null || !mayBeFormatting(chunk)) return null
    const texts = new Map([chunk.base, chunk.ours, chunk.theirs].map((lines) => [lines, formed(lines)]))
    return withoutForm(chunk, 'likely', (one, other) => texts.get(one) !== null && texts.get(one) === texts.get(other))
  },
}

/**
 * What stays of a chunk of which two versions are the same but for their form: the third, or of two sides the one that changed the form,
 * which is only likely, as people may want the other.
 */
export function withoutForm(
  { base, ours, theirs }: Chunk,
  grade: Grade,
  areSame: (one: readonly string[], other: readonly string[]) => boolean,
): Resolution | null {
  if (areAlike(ours, theirs) && areSame(ours, theirs))
    return {
      grade: 'likely',
      lines: formedAnew(base, ours, theirs),
      evidence: 'both sides are the same but for how the lines are formatted',
    }
  if (areAlike(base, ours) && areSame(base, ours))
    return { grade, lines: theirs, evidence: 'ours changed only how the lines are formatted' }
  if (areAlike(base, theirs) && areSame(base, theirs))
    return { grade, lines: ours, evidence: 'theirs changed only how the lines are formatted' }
  return null
}

/** Of two sides that say the same the one that is less like the base. */
function formedAnew(base: readonly string[], ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const was = tokensOf(base.join(''))
  const [mine = 0, other = 0] = [ours, theirs].map((lines) => similarity(was, tokensOf(lines.join(''))))
  return other < mine ? theirs : ours
}

/** Whether two of the versions may be the same but for their form: hardly any are, and only these are looked at closely. */
export const mayBeFormatting = (chunk: Chunk): boolean => areAlike(chunk.ours, chunk.theirs) || mayBeIdle(chunk)

/** Whether one side may have changed nothing but the form. */
export const mayBeIdle = ({ base, ours, theirs }: Chunk): boolean => areAlike(base, ours) || areAlike(base, theirs)

function areAlike(one: readonly string[], other: readonly string[]): boolean {
  const text = signsOf(one)
  return text !== '' && text === signsOf(other)
}

/** Without all that may be form in some language. */
const signsOf = (lines: readonly string[]): string => lines.join('').replaceAll(/[\s;,()'"`\\]+/g, '')

/** Languages in which a line's end is white space like any other, by ending; those of which syntax tells are not among them. */
const free: ReadonlySet<string> = new Set(
  'java c h cc cpp cxx hh hpp hxx cs m mm rs php dart proto json jsonc glsl wgsl sol'.split(' '),
)
/** Those of them in which a comma may stand behind the last thing in any brackets; in all, it may in braces. */
const withLastCommas: ReadonlySet<string> = new Set(['rs', 'php', 'dart'])

/** Lines as one text without their form; null where that cannot be told, of a language or of such lines. */
function formOf(file: FileFacts): ((lines: readonly string[]) => string | null) | null {
  const extension = extensionOf(file.path)
  const bare = free.has(extension) ? bareLines(file) : null
  if (bare === null) return null
  const comma = withLastCommas.has(extension) ? lastComma : lastInBraces
  return (lines) => {
    if (lines.some(mayGoOn)) return null
    const joined = bare([lines.map(marked).join(' ')])
    return joined.replaceAll(comma, (piece) => (piece === ',' ? '' : piece))
  }
}

const lastComma = /"(?:\\.|[^"\\])*"|(?<![\w!>]\s*)\([^(),]*,(?=\))|,(?=[)\]}])/g
const lastInBraces = /"(?:\\.|[^"\\])*"|,(?=\})/g

/** Whether a text in quotes may go on in the next line: there, a line's end is part of it. */
const mayGoOn = (line: string): boolean => /["`]/.test(code(line))

/** A line with its end, where that ends a comment or a directive. */
function marked(line: string): string {
  const text = line.trim()
  const isBound = /^(?:#(?!\[)|\*)|\/\*(?!.*\*\/)|\\$/.test(text) || text.includes('//') || /(?:^|\s)#\s/.test(text)
  return isBound ? `\0${text}\0` : text
}

const code = (line: string): string => line.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'/g, '').replace(/\/\/.*/, '')
