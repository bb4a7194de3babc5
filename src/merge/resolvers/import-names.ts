import { areInOrder, byCode } from './in-order.ts'

/** A line that brings names in, and what of it is no name. */
interface NamedImport {
  readonly before: string
  readonly names: readonly string[]
  readonly after: string
}

/** The lines of three versions, in which lines that only differ in the names they bring in are one and the same. */
export interface ImportVersions {
  readonly base: readonly string[]
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

/**
 * Where both sides bring other names in from the same place, both lines become that with the names of both: what each added is
 * added, what each took away is gone. A line is left alone where its place comes twice.
 */
export function withNamesOfBoth(versions: ImportVersions): ImportVersions {
  const [base, ours, theirs] = [versions.base, versions.ours, versions.theirs].map(byPlace) as [Places, Places, Places]
  const merged = new Map<string, string>()
  for (const [place, mine] of ours) {
    const [was, other] = [base.get(place), theirs.get(place)]
    if (mine === null || !other || was === null) continue
    merged.set(place, printed(mine, namesOfBoth({ base: was?.names ?? [], ours: mine.names, theirs: other.names })))
  }
  const replaced = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => merged.get(placeOf(partsOf(line)) ?? '') ?? line)
  return { base: versions.base, ours: replaced(versions.ours), theirs: replaced(versions.theirs) }
}

/** By what stands around the names; null for a place that comes twice. */
type Places = ReadonlyMap<string, NamedImport | null>

function byPlace(lines: readonly string[]): Places {
  const places = new Map<string, NamedImport | null>()
  for (const line of lines) {
    const parts = partsOf(line)
    const place = placeOf(parts)
    if (place !== null) places.set(place, places.has(place) ? null : parts)
  }
  return places
}

function partsOf(line: string): NamedImport | null {
  const match = /^(?<before>.*\{\s*)(?<names>[^{}]*?)(?<after>,?\s*\}.*)$/s.exec(line) ?? python.exec(line)
  const { before, names, after } = match?.groups ?? {}
  if (before === undefined || names === undefined || after === undefined) return null
  return { before, names: names.split(',').flatMap((name) => name.trim() || []), after }
}

const python = /^(?<before>\s*from\s+\S+\s+import\s+)(?<names>[\w\s,.]+?)(?<after>\s*)$/s

const placeOf = (parts: NamedImport | null): string | null =>
  parts === null ? null : `${parts.before.trim()}\0${parts.after.trim()}`

interface Names {
  readonly base: readonly string[]
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

function namesOfBoth({ base, ours, theirs }: Names): readonly string[] {
  const stays = ours.filter((name) => theirs.includes(name) || !base.includes(name))
  const added = theirs.filter((name) => !ours.includes(name) && !base.includes(name))
  const all = [...stays, ...added]
  return areInOrder(ours) && areInOrder(theirs) ? all.toSorted(byCode) : all
}

const printed = ({ before, after }: NamedImport, names: readonly string[]): string =>
  `${before}${names.join(', ')}${after}`
