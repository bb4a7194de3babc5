import { mayBeFormatting, withoutForm } from '../resolvers/formatting.ts'
import type { Resolution } from '../resolvers/resolver.ts'
import type { Chunk, Segment, Versions } from '../text/three-way.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import { meaningOf } from './meaning.ts'
import { partsOf } from './meeting-points.ts'
import type { Trees } from './trees.ts'

interface Merge extends Versions {
  readonly segments: readonly Segment[]
}

/**
 * Conflicts in a source text of which two versions have one meaning: one of them, put where the other is, makes the same tree but for
 * form.
 * @param isDecided conflicts that are decided otherwise
 */
export function resolveFormatting(
  merge: Merge,
  trees: Trees,
  isDecided: (chunk: Chunk) => boolean,
): ReadonlyMap<Chunk, Resolution> {
  const resolutions = new Map<Chunk, Resolution>()
  const { parts, points } = partsOf(merge.segments)
  for (const [at, part] of parts.entries()) {
    const from = points[at]
    if (part.kind === 'clean' || from === undefined || isDecided(part.chunk) || !mayBeFormatting(part.chunk)) continue
    const { chunk } = part
    const areSame = (one: readonly string[], other: readonly string[]): boolean => {
      const name = one === chunk.ours ? 'ours' : 'base'
      return meanTheSame(merge[name], { from: from[name], one, other }, trees)
    }
    const resolution = withoutForm(chunk, 'certain', areSame)
    if (resolution !== null) resolutions.set(chunk, resolution)
  }
  return resolutions
}

/** Lines at a place, and those that are to be put there. */
interface Exchange {
  readonly from: number
  readonly one: readonly string[]
  readonly other: readonly string[]
}

function meanTheSame(lines: readonly string[], { from, one, other }: Exchange, trees: Trees): boolean {
  const put = [...lines.slice(0, from), ...other, ...lines.slice(from + one.length)]
  const was = { root: trees.of(lines.join('')), from, to: from + one.length }
  const is = { root: trees.of(put.join('')), from, to: from + other.length }
  const [before, after] = smallestAround(was, is)
  const hasFault = [before, after].some((node) => node.find({ rule: { kind: 'ERROR' } }) !== null)
  return !hasFault && meaningOf(before) === meaningOf(after)
}

/** A tree, and lines in it. */
interface Lines {
  readonly root: SyntaxNode
  readonly from: number
  readonly to: number
}

/** The smallest nodes, at one place in both trees, that hold the lines and those beside them. */
function smallestAround(was: Lines, is: Lines): readonly [SyntaxNode, SyntaxNode] {
  let [before, after] = [was.root, is.root]
  for (;;) {
    const [inner, other] = [onlyChildAt(before, was), onlyChildAt(after, is)]
    if (inner === null || other === null || inner.kind() !== other.kind()) return [before, after]
    ;[before, after] = [inner, other]
  }
}

function onlyChildAt(node: SyntaxNode, { from, to }: Lines): SyntaxNode | null {
  const touched = node.children().filter((child) => {
    const { start, end } = child.range()
    return end.line >= from - 1 && start.line <= to
  })
  return touched.length === 1 ? (touched[0] ?? null) : null
}
