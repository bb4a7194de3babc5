import { compareVersions } from '../resolvers/versions.ts'
import { type KeyedContainer, type KeyedEntry, type KeyedNode, meaningOf } from './node.ts'

/** The versions of one value; `base` is null where both sides have put it there. */
interface KeyedVersions {
  readonly base: KeyedNode | null
  readonly ours: KeyedNode
  readonly theirs: KeyedNode
  /** What the result is written into: it keeps its text wherever it says the same. */
  readonly onto: KeyedNode
}

/** Where in a file one is. */
interface Place {
  readonly path: readonly string[]
  /** Takes what was decided of keys that both sides changed, in words. */
  readonly decided: string[]
}

/**
 * Three versions key by key, written into a fourth text; null where both sides changed one key each in its own way.
 * @param place `decided` takes in words what was decided where both changed a version
 */
export function mergeNodes(versions: KeyedVersions, place: Place): KeyedNode | null {
  const { base, ours, theirs, onto } = versions
  const [was, mine, other] = [base && meaningOf(base), meaningOf(ours), meaningOf(theirs)]
  const isChangedByBoth = mine !== other && mine !== was && other !== was
  if (isChangedByBoth) return mergeChanged(versions, place)
  const wanted = mine === was ? theirs : ours
  return meaningOf(onto) === meaningOf(wanted) ? onto : wanted
}

function mergeChanged({ base, ours, theirs, onto }: KeyedVersions, place: Place): KeyedNode | null {
  if (ours.kind === 'scalar' || theirs.kind === 'scalar') return higher({ ours, theirs }, place)
  const from = base ?? { ...ours, entries: [] }
  if (from.kind === 'scalar' || ours.kind !== theirs.kind || from.kind !== ours.kind) return null
  if (ours.kind === 'list' && !areSets(from, ours, theirs)) return null
  return mergeEntries({ base: from, ours, theirs, onto: onto.kind === ours.kind ? onto : ours }, place)
}

interface ContainerVersions {
  readonly base: KeyedContainer
  readonly ours: KeyedContainer
  readonly theirs: KeyedContainer
  readonly onto: KeyedContainer
}

function mergeEntries({ base, ours, theirs, onto }: ContainerVersions, place: Place): KeyedNode | null {
  const known = { base: byKey(base), ours: byKey(ours), theirs: byKey(theirs), onto: byKey(onto) }
  const wanted = new Map<string, Wanted>()
  for (const key of new Set([...known.ours.keys(), ...known.theirs.keys()])) {
    const [was, mine, other] = [known.base.get(key) ?? null, known.ours.get(key), known.theirs.get(key)]
    if (mine !== undefined && other !== undefined) {
      const versions = { base: was && was.value, ours: mine.value, theirs: other.value }
      const at = { ...place, path: [...place.path, key] }
      const value = mergeNodes({ ...versions, onto: (known.onto.get(key) ?? mine).value }, at)
      if (value === null) return null
      wanted.set(key, { value, ...besides(was, mine, other) })
      continue
    }
    const there = mine ?? other
    if (was === null && there !== undefined) wanted.set(key, there)
    else if (isChanged(was, there)) return null
  }
  return written(onto, wanted, [ours, theirs])
}

/** Taken away by one side and changed by the other. */
const isChanged = (was: KeyedEntry | null, is: KeyedEntry | undefined): boolean =>
  was !== null && is !== undefined && meaningOf(was.value) !== meaningOf(is.value)

/** A value, and the comments that go with it. */
type Wanted = Pick<KeyedEntry, 'value' | 'lead' | 'tail'>

/** The comments before and beside a value, of the side that has changed them. */
function besides(was: KeyedEntry | null, mine: KeyedEntry, other: KeyedEntry): Omit<Wanted, 'value'> {
  const of = (part: 'lead' | 'tail'): string => (mine[part].trim() === was?.[part].trim() ? other[part] : mine[part])
  return { lead: of('lead'), tail: of('tail') }
}

const byKey = ({ entries }: KeyedContainer): ReadonlyMap<string, KeyedEntry> =>
  new Map(entries.map((entry) => [entry.key, entry]))

/** A container with just the wanted keys: what is there in its place, the rest after what it follows in its own version. */
function written(
  onto: KeyedContainer,
  wanted: ReadonlyMap<string, Wanted>,
  sides: readonly KeyedContainer[],
): KeyedNode {
  const entries = onto.entries.flatMap((entry) => {
    const found = wanted.get(entry.key)
    return found === undefined ? [] : withBesides({ ...entry, value: found.value }, found)
  })
  const areSorted = sides.every((side) => side.entries.length > 1 && inOrder(side.entries))
  for (const side of sides) {
    for (const [number, entry] of side.entries.entries()) {
      const found = wanted.get(entry.key)
      if (found === undefined || entries.some(({ key }) => key === entry.key)) continue
      const at = placeFor(entries, { entry, side, number, areSorted })
      entries.splice(at, 0, { ...entry, value: found.value, lead: leadFor(entry, onto) })
    }
  }
  if (entries.length === 0) return sides.find((side) => side.entries.length === 0) ?? emptied(onto)
  const model = [onto, ...sides].find((one) => one.entries.length > 0) ?? onto
  return { ...onto, open: model.open, close: model.close, entries: withLeads(entries, onto) }
}

/** Brackets that nothing is left in close at once, as the white space before the end was that of the entries. */
const emptied = (onto: KeyedContainer): KeyedContainer => ({
  ...onto,
  entries: [],
  close: onto.close.replace(/^\s+(?=[\]}])/, ''),
})

/** Comments are taken over where they say something else; white space stays. */
const withBesides = (entry: KeyedEntry, { lead, tail }: Wanted): KeyedEntry => ({
  ...entry,
  lead: lead.trim() === entry.lead.trim() ? entry.lead : lead,
  tail: tail.trim() === entry.tail.trim() ? entry.tail : tail,
})

interface Newcomer {
  readonly entry: KeyedEntry
  readonly side: KeyedContainer
  /** Its place there. */
  readonly number: number
  readonly areSorted: boolean
}

/** After what stands before it in its own version, and after what the other side has put there; in order where all is in order. */
function placeFor(entries: readonly KeyedEntry[], { entry, side, number, areSorted }: Newcomer): number {
  const before = side.entries.slice(0, number).findLast(({ key }) => entries.some((one) => one.key === key))
  let at = before === undefined ? 0 : entries.findIndex(({ key }) => key === before.key) + 1
  const goesFirst = ({ key }: KeyedEntry): boolean =>
    areSorted ? key < entry.key : !side.entries.some((one) => one.key === key)
  for (let next = entries[at]; next !== undefined && goesFirst(next); next = entries[at]) at += 1
  return at
}

const inOrder = (entries: readonly KeyedEntry[]): boolean =>
  entries.every(({ key }, at) => at === 0 || (entries[at - 1]?.key ?? '') < key)

const isBlank = (text: string): boolean => text.trim() === ''

/** White space as its new neighbours have it; comments come along. */
function leadFor({ lead }: KeyedEntry, { entries, separator }: KeyedContainer): string {
  if (separator === '' || !isBlank(lead)) return lead
  const [first, ...others] = entries
  return [...others, ...(first === undefined ? [] : [first])].find((one) => isBlank(one.lead))?.lead ?? lead
}

/** In brackets the first entry may have other white space before it than the rest. */
function withLeads(entries: readonly KeyedEntry[], onto: KeyedContainer): readonly KeyedEntry[] {
  const [was] = onto.entries
  const [now] = entries
  if (was === undefined || now === undefined || now.key === was.key || onto.separator === '') return entries
  return entries.map((entry, at) => {
    if (at === 0) return isBlank(entry.lead) && isBlank(was.lead) ? { ...entry, lead: was.lead } : entry
    return entry.key === was.key ? { ...entry, lead: leadFor(entry, onto) } : entry
  })
}

/** Lists of plain values to which the sides have only added, or from which they have taken; none has given one another place. */
function areSets(base: KeyedContainer, ours: KeyedContainer, theirs: KeyedContainer): boolean {
  const keysOf = ({ entries }: KeyedContainer): readonly string[] => entries.map(({ key }) => key)
  const [was, mine, other] = [keysOf(base), keysOf(ours), keysOf(theirs)]
  const arePlain = [base, ours, theirs].every(({ entries }) => entries.every(({ value }) => value.kind === 'scalar'))
  const keepsOrder = (side: readonly string[]): boolean =>
    was.filter((key) => side.includes(key)).join('\0') === side.filter((key) => was.includes(key)).join('\0')
  // a value that both took away and each replaced by its own was changed by both
  const hasReplaced = was.some((key) => !mine.includes(key) && !other.includes(key))
  return arePlain && keepsOrder(mine) && keepsOrder(other) && !hasReplaced
}

/** Where versions of what is needed are declared. */
const tables = /depend|^require|^engines$|plugins$|^catalog|versions?$/i

/** The higher of two versions that are asked for in the same way. */
function higher({ ours, theirs }: Pick<KeyedVersions, 'ours' | 'theirs'>, { path, decided }: Place): KeyedNode | null {
  if (ours.kind !== 'scalar' || theirs.kind !== 'scalar' || !path.slice(0, -1).some((key) => tables.test(key)))
    return null
  const [mine, ...others] = ours.text.match(version) ?? []
  const [other, ...more] = theirs.text.match(version) ?? []
  if (mine === undefined || other === undefined || others.length + more.length > 0) return null
  if (ours.text.replace(version, '') !== theirs.text.replace(version, '')) return null
  const [taken, lower] = compareVersions(mine, other) >= 0 ? [ours, theirs] : [theirs, ours]
  decided.push(`${path.join('.')}: the higher version: ${taken.text.trim()}, not ${lower.text.trim()}`)
  return taken
}

const version = /\d+(?:\.\d+)+(?:-[\da-z.]+)?/gi
