import type { Chunk } from '../text/three-way.ts'
import { breakChoice } from './arms.ts'
import { isBalanced } from './brackets.ts'
import { guardAlike } from './conditions.ts'
import { declaredIn } from './declared-names.ts'
import { haveOneValue } from './explicit-values.ts'
import type { FileFacts, FileKind } from './file-facts.ts'
import { countedOn } from './item-numbers.ts'
import { takeLead } from './leading-lines.ts'
import { levelsIn, mayFollow } from './levels.ts'
import { atListEnd } from './list-ends.ts'
import { putOneThing } from './one-thing.ts'
import { saysSomething } from './outermost-lines.ts'
import { putParameters } from './parameters.ts'
import type { Grade, IsKnown, Resolution, Resolver } from './resolver.ts'
import { isShell, isWholeShell } from './shell-blocks.ts'
import { similarity, wordsOf } from './similarity.ts'

/** Both put something new at one place, each whole in itself and about other names: first ours, then theirs, where each stays what it is. */
export const bothInsert: Resolver = {
  name: 'both-insert',
  resolve(chunk, file, isKnown) {
    const end = atListEnd(chunk, file)
    const put = putTogether(end?.chunk ?? chunk, file, isKnown)
    return put === null || end === null ? put : { ...put, lines: end.restored(put.lines) }
  },
}

function putTogether(chunk: Chunk, file: FileFacts, isKnown: IsKnown): Resolution | null {
  const { ours, theirs } = chunk
  if (!areInserted(chunk) || (file.kind === 'source' && haveOneValue(ours, theirs, file.path))) return null
  const order = orderOf(ours, theirs, file)
  const shared = similarity(freshIn(ours, isKnown), freshIn(theirs, isKnown))
  const isSure = order !== null && shared < 0.2 && areWhole([ours, theirs], file) && areApart(ours, theirs, file)
  if (!isSure && putOneThing(ours, theirs, { file, isKnown })) return null
  const [first, second] = order ?? [ours, theirs]
  return {
    grade: isSure ? sureGrade(shared, file) : 'checked',
    lines: [...beforeMore(first, second), ...behind(second, first, file)],
    evidence: `${isSure ? 'both are whole, about other names' : 'both put something there'}, and share ${Math.round(shared * 100)} % of their new lines`,
  }
}

const sureGrade = (shared: number, { kind }: FileFacts): Grade =>
  shared < 0.1 && grows.has(kind) ? 'certain' : 'likely'

const areInserted = ({ base, ours, theirs }: Chunk): boolean =>
  base.length === 0 && ours.length > 0 && theirs.length > 0

type Sides = readonly [readonly string[], readonly string[]]

/**
 * First ours, unless theirs would then belong to what ours begins, never be reached, or be led by what belongs to the line behind both;
 * null where neither may be first.
 */
function orderOf(ours: readonly string[], theirs: readonly string[], file: FileFacts): Sides | null {
  const levels = levelsIn(file)
  const mayBe = ([first, second]: Sides): boolean =>
    (levels === null || mayFollow(second, first, levels)) &&
    !(file.kind === 'source' && (breakChoice(first, second) || takeLead(first, second, file.path)))
  const orders: readonly Sides[] = [
    [ours, theirs],
    [theirs, ours],
  ]
  return orders.find(mayBe) ?? null
}

/** Lines that others follow: between items of a list there is no more space than within either. */
function beforeMore(lines: readonly string[], more: readonly string[]): readonly string[] {
  const areItems = [lines, more].every((side) => item.test(side.find(saysSomething) ?? ''))
  return areItems ? lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1) : lines
}

const behind = (lines: readonly string[], first: readonly string[], { kind }: FileFacts): readonly string[] =>
  ofItems.has(kind) ? countedOn(lines, first) : lines

const item = /^\s*(?:[-*+]|\d+\.)\s/

/** Kinds of files that are lists of entries, to which everybody adds. */
const grows: ReadonlySet<FileKind> = new Set(['changelog', 'records'])

/** Kinds of files in which a number in front is that of an item. */
const ofItems: ReadonlySet<FileKind> = new Set(['words', 'changelog'])

/** Lines that the file does not have elsewhere: what it says again and again makes no two things one. */
function freshIn(lines: readonly string[], isKnown: IsKnown): readonly string[] {
  const saying = lines.filter(saysSomething).map((line) => line.trim())
  const fresh = saying.filter((line) => !isKnown(line))
  return fresh.length > 0 ? fresh : saying
}

const areWhole = (sides: Sides, { path }: FileFacts): boolean =>
  sides.every((side) => (isShell(path) ? isWholeShell : isBalanced)(side.join('')))

/** Whether no name is declared by both, and neither says only what the other says as well. */
function areApart(ours: readonly string[], theirs: readonly string[], file: FileFacts): boolean {
  const names = new Set(declaredIn(ours, file))
  if (declaredIn(theirs, file).some((name) => names.has(name))) return false
  if (file.kind === 'source' && (guardAlike(ours, theirs) || putParameters(ours, theirs, file))) return false
  const [mine, other] = [new Set(wordsOf(ours.join(''))), new Set(wordsOf(theirs.join('')))]
  const isWithin = (words: ReadonlySet<string>, all: ReadonlySet<string>) => [...words].every((word) => all.has(word))
  return !isWithin(mine, other) && !isWithin(other, mine)
}
