import { mergeElements } from '../syntax/merge-elements.ts'
import { type InVersions, inVersions, isInAllVersions } from '../syntax/versions.ts'
import { combine } from './combine.ts'

type Elements = InVersions<readonly string[]>

/**
 * The elements of a list on one line with both sides' changes; null where they are about the same. What both put at one place goes
 * together only where its order means nothing or is known: in braces, or where all are sorted.
 */
export function elementsOfBoth(elements: Elements, open: string): readonly string[] | null {
  if (!isInAllVersions((name) => new Set(elements[name]).size === elements[name].length)) return null
  const apart = combine(elements.base, [elements.ours, elements.theirs], { gap: 0 })
  if (apart !== null) return apart
  const areSorted = open !== '(' && isInAllVersions((name) => isInOrder(elements[name]))
  if (!areSorted && open !== '{') return null
  const versions = inVersions((name) => elements[name].map((text) => ({ key: nameOf(text), text })))
  const merged = mergeElements({ ...versions, areSorted: false }, () => null)
  const texts = merged?.elements.map(({ text }) => text) ?? null
  return texts !== null && areSorted ? texts.toSorted(byValue) : texts
}

/** What an element of a mapping is called; any other is called what it is. */
const nameOf = (element: string): string => /^[\w$"'.-]+(?=\s*[:=?])/.exec(element)?.[0] ?? element

/** As people count: 8 before 16. */
const byValue = (one: string, other: string): number => collator().compare(one, other)

let known: Intl.Collator | null = null

/** Made when it is first asked for: it takes ten milliseconds. */
const collator = (): Intl.Collator => (known ??= new Intl.Collator('en', { numeric: true }))

const isInOrder = (elements: readonly string[]): boolean =>
  elements.every((one, at) => at === 0 || byValue(elements[at - 1] ?? '', one) <= 0)
