import { changedByOne, inVersions, type InVersions, isInAllVersions } from '../syntax/versions.ts'
import { areSwitched } from './comment-signs.ts'
import type { FileKind } from './file-facts.ts'
import { areImports } from './import-lines.ts'
import { type LineList, type LinePart, partsOf, printedPart } from './line-parts.ts'
import { elementsOfBoth } from './list-of-both.ts'
import { mayBeOneFix } from './one-fix.ts'
import type { Resolver } from './resolver.ts'
import { similarity, tokensOf } from './similarity.ts'

/** Below this the lines were written anew. */
const leastSimilarity = 0.6

/** Both sides changed a list in brackets on the same line, none of its elements in two ways: both changes stay. */
export const inlineLists: Resolver = {
  name: 'inline-lists',
  resolve(chunk, file) {
    const { base, ours, theirs } = chunk
    if (!ofLists.has(file.kind) || areImports(chunk, file)) return null
    if (base.length !== ours.length || base.length !== theirs.length) return null
    const was = tokensOf(base.join(''))
    const least = Math.min(...[ours, theirs].map((side) => similarity(was, tokensOf(side.join('')))))
    if (least < leastSimilarity || mayBeOneFix(chunk, file) || areSwitched(chunk)) return null
    const lines = base.map((line, at) => lineOfBoth({ base: line, ours: ours[at] ?? '', theirs: theirs[at] ?? '' }))
    if (!lines.every((line) => line !== null)) return null
    return { grade: 'likely', lines, evidence: `elements of lists on a line (similarity ${least.toFixed(2)})` }
  },
}

/** Kinds of files in which brackets hold lists; in documents they hold words. */
const ofLists: ReadonlySet<FileKind> = new Set(['source', 'manifest', 'automation', 'settings', 'other'])

/** A line, or an element of a list, with both sides' changes; null where they are about the same. */
function lineOfBoth(lines: InVersions<string>): string | null {
  const byOne = changedByOne(lines.base, lines.ours, lines.theirs)
  if (byOne !== null) return byOne
  const parts = inVersions((name) => partsOf(lines[name]))
  const shapes = inVersions((name) => parts[name].map(shapeOf).join(''))
  const shape = changedByOne(shapes.base, shapes.ours, shapes.theirs)
  const lists = inVersions((name) => parts[name].filter((part) => typeof part !== 'string'))
  const [count, around] = [lists.base.length, shape === shapes.ours ? parts.ours : parts.theirs]
  if (shape === null || count === 0 || !isInAllVersions((name) => lists[name].length === count)) return null
  const merged = lists.base.map((was, at) => {
    const [mine, other] = [lists.ours[at], lists.theirs[at]]
    return mine && other ? listOfBoth({ base: was, ours: mine, theirs: other }) : null
  })
  let next = 0
  return merged.includes(null)
    ? null
    : around.map((part) => (typeof part === 'string' ? part : merged[next++])).join('')
}

const shapeOf = (part: LinePart): string => (typeof part === 'string' ? part : `${part.open}…${part.close}`)

function listOfBoth(lists: InVersions<LineList>): string | null {
  const { base, ours, theirs } = lists
  const byOne = changedByOne(printedPart(base), printedPart(ours), printedPart(theirs))
  if (byOne !== null) return byOne
  if (!isInAllVersions((name) => lists[name].open === base.open)) return null
  const elements =
    elementsOfBoth(
      inVersions((name) => lists[name].elements),
      base.open,
    ) ?? eachOfBoth(inVersions((name) => lists[name].elements))
  if (elements === null) return null
  const like = ours.elements.length > 0 ? ours : theirs
  return printedPart({ ...like, elements, between: ours.between ?? theirs.between })
}

/** Where no version has more elements than another, each for itself. */
function eachOfBoth({ base, ours, theirs }: InVersions<readonly string[]>): readonly string[] | null {
  if (base.length !== ours.length || base.length !== theirs.length) return null
  const elements = base.map((was, at) => lineOfBoth({ base: was, ours: ours[at] ?? '', theirs: theirs[at] ?? '' }))
  return elements.every((element) => element !== null) ? elements : null
}
