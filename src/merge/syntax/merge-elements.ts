import { haveOneValue } from '../resolvers/explicit-values.ts'
import { similarity } from '../resolvers/similarity.ts'
import { linesOf } from '../text/lines.ts'
import { changedByOne, type InVersions, inVersions } from './versions.ts'

/** An element of a list in one version. */
export interface Element {
  /** What it is known by; null for one whose place among its like matters. */
  readonly key: string | null
  readonly text: string
}

/** The elements of a list in three versions. */
export interface ElementVersions<E extends Element> {
  readonly base: readonly E[]
  readonly ours: readonly E[]
  readonly theirs: readonly E[]
  /** Whether each version keeps them in the order of their keys. */
  readonly areSorted: boolean
}

/** One element that both sides changed. */
export interface Changed<E extends Element> {
  readonly base: E | null
  readonly ours: E
  readonly theirs: E
}

/** Elements put together, and what for. */
export interface MergedElements<E extends Element> {
  readonly elements: readonly E[]
  /** How many each side added. */
  readonly ours: number
  readonly theirs: number
  readonly removed: number
  /** How many both sides changed. */
  readonly together: number
}

/**
 * Three versions of a list without an order that means something, as one: what either side added, took away or changed. An element
 * comes after the one that it follows where it was added, ours before theirs. null where one side changed what the other took away,
 * where both added another thing of one name, or where the order of what has its place is in question.
 * @param both makes one of an element that both sides changed, or null
 */
export function mergeElements<E extends Element>(
  versions: ElementVersions<E>,
  both: (changed: Changed<E>) => E | null,
): MergedElements<E> | null {
  const keyed = { base: byKey(versions.base), ours: byKey(versions.ours), theirs: byKey(versions.theirs) }
  if (!isPlaceClear(keyed) || isOneThingTwice(keyed)) return null
  const merged = new Map<string, E>()
  const counts = { ours: 0, theirs: 0, removed: 0, together: 0 }
  for (const key of new Set([...keyed.base.keys(), ...keyed.ours.keys(), ...keyed.theirs.keys()])) {
    const fate = fateOf(
      inVersions((name) => keyed[name].get(key)),
      both,
    )
    if (fate.how === 'disputed') return null
    if (fate.how === 'kept') merged.set(key, fate.element)
    if (fate.what !== null) counts[fate.what] += 1
  }
  const order = orderOf(keyed, merged, versions.areSorted)
  if (order === null) return null
  const elements = order.flatMap((key) => merged.get(key) ?? [])
  return { elements, ...counts }
}

/** What becomes of one element. */
type Fate<E> =
  | { readonly how: 'kept'; readonly element: E; readonly what: 'ours' | 'theirs' | 'together' | null }
  | { readonly how: 'removed'; readonly what: 'removed' }
  | { readonly how: 'disputed' }

function fateOf<E extends Element>(
  { base, ours, theirs }: InVersions<E | undefined>,
  both: (changed: Changed<E>) => E | null,
): Fate<E> {
  if (ours !== undefined && theirs !== undefined) {
    const element = pick(base?.text, ours, theirs) ?? both({ base: base ?? null, ours, theirs })
    if (element === null) return { how: 'disputed' }
    const isMade = element.text !== ours.text && element.text !== theirs.text
    return { how: 'kept', element, what: isMade ? 'together' : null }
  }
  if (ours !== undefined) return fateOfOne(base, ours, 'ours')
  return theirs === undefined ? { how: 'removed', what: 'removed' } : fateOfOne(base, theirs, 'theirs')
}

/** Of an element that one side does not have. */
function fateOfOne<E extends Element>(base: E | undefined, element: E, what: 'ours' | 'theirs'): Fate<E> {
  if (base === undefined) return { how: 'kept', element, what }
  return element.text === base.text ? { how: 'removed', what: 'removed' } : { how: 'disputed' }
}

/** Whether both took something away and put another thing, or put much the same, or the very same value, under two names: it may be one thing. */
function isOneThingTwice<E extends Element>({ base, ours, theirs }: KeyedVersions<E>): boolean {
  const added = (side: Keyed<E>, other: Keyed<E>): readonly E[] =>
    [...side].flatMap(([key, element]) => (base.has(key) || other.has(key) ? [] : element))
  const [mine, others] = [added(ours, theirs), added(theirs, ours)]
  if (mine.length === 0 || others.length === 0) return false
  if ([...base.keys()].some((key) => !ours.has(key) && !theirs.has(key))) return true
  return mine.some((one) => others.some((other) => isOneThing(linesOf(one.text), linesOf(other.text))))
}

const isOneThing = (a: readonly string[], b: readonly string[]): boolean => isAlike(a, b) || haveOneValue(a, b)

const isAlike = (a: readonly string[], b: readonly string[]): boolean =>
  Math.min(a.length, b.length) >= 3 && similarity(a, b) >= 0.8

function pick<E extends Element>(base: string | undefined, ours: E, theirs: E): E | null {
  const text = changedByOne(base, ours.text, theirs.text)
  return text === null ? null : text === ours.text ? ours : theirs
}

type Keyed<E> = ReadonlyMap<string, E>
type KeyedVersions<E> = InVersions<Keyed<E>>

/** An element without a key is known by its text; one of several alike by its number as well. */
function byKey<E extends Element>(elements: readonly E[]): Keyed<E> {
  const known = new Map<string, E>()
  const times = new Map<string, number>()
  for (const element of elements) {
    const key = element.key === null ? `${placed}${element.text.replaceAll(/\s+/g, ' ')}` : element.key
    const number = (times.get(key) ?? 0) + 1
    times.set(key, number)
    known.set(`${key}\0${number}`, element)
  }
  return known
}

const placed = '\0'

/** What has its place may be touched by nobody. */
function isPlaceClear<E>({ base, ours, theirs }: KeyedVersions<E>): boolean {
  const inPlace = (version: Keyed<E>): string => [...version.keys()].filter((key) => key.startsWith(placed)).join('\n')
  const was = inPlace(base)
  return inPlace(ours) === was && inPlace(theirs) === was
}

/** The order of ours, unless only theirs has another than the base; with what the other side added put behind what it follows there. */
function orderOf<E>(
  { base, ours, theirs }: KeyedVersions<E>,
  merged: ReadonlyMap<string, E>,
  areSorted: boolean,
): readonly string[] | null {
  const common = (version: Keyed<E>): readonly string[] =>
    [...version.keys()].filter((key) => base.has(key) && ours.has(key) && theirs.has(key))
  const [was, mine, other] = [base, ours, theirs].map((version) => common(version).join('\n'))
  if (mine !== was && other !== was && mine !== other) return null
  const [first, second] = mine === was && other !== was ? [theirs, ours] : [ours, theirs]
  const order = [...first.keys()].filter((key) => merged.has(key))
  const added = [...second.keys()].filter((key) => merged.has(key) && !first.has(key))
  if (areSorted) return [...order, ...added].toSorted(byText)
  for (const key of added)
    order.splice(placeOf(key, [...second.keys()], { order, second, before: first === theirs }), 0, key)
  return order
}

interface Place<E> {
  readonly order: readonly string[]
  readonly second: Keyed<E>
  /** Whether it comes before what the first side added at the same place. */
  readonly before: boolean
}

function placeOf<E>(key: string, own: readonly string[], { order, second, before }: Place<E>): number {
  const previous = own.slice(0, own.indexOf(key)).findLast((one) => order.includes(one))
  let at = previous === undefined ? 0 : order.indexOf(previous) + 1
  if (before) return at
  while (at < order.length && !second.has(order[at] ?? '')) at += 1
  return at
}

const byText = (a: string, b: string): number => Number(a > b) - Number(a < b)

/** Whether a list is in the order of its keys, as far as so few elements can tell. */
export const isSorted = (elements: readonly Pick<Element, 'key'>[]): boolean =>
  elements.every(({ key }, at) => key !== null && (at === 0 || (elements[at - 1]?.key ?? '') <= key))
