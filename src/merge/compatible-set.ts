import { heaviestSet, type Part } from './heaviest-set.ts'

/** Which of `count` things do not go together, as pairs of their numbers. */
export interface Incompatibility {
  readonly count: number
  readonly pairs: readonly (readonly [number, number])[]
  /** Three or more that do not go all together, although two of them may. */
  readonly sets?: readonly (readonly number[])[]
  /** What each is worth; 1 by default. */
  readonly weights?: readonly number[]
  /** Lower numbers without which each cannot be taken. */
  readonly needs?: readonly (readonly number[])[]
}

/**
 * The things of the greatest weight together that all go with each other, ascending; the same answer to the same question.
 * Parts that are not connected are looked at alone, each as far as heaviestSet goes.
 */
export function compatibleSet(question: Incompatibility): readonly number[] {
  return partsOf(question)
    .flatMap((members) => heaviestSet(partWith(question, members)).flatMap((at) => members[at] ?? []))
    .toSorted((a, b) => a - b)
}

/** Things that are connected by conflicts or needs, each part ascending. */
function partsOf({ count, pairs, sets = [], needs = [] }: Incompatibility): readonly (readonly number[])[] {
  const linked = Array.from({ length: count }, (_, one) => new Set<number>(needs[one]))
  const links = [...pairs, ...sets.flatMap(([first = 0, ...others]) => others.map((one) => [first, one] as const))]
  for (const [one, needed] of needs.entries()) links.push(...needed.map((need) => [one, need] as const))
  for (const [a, b] of links) {
    linked[a]?.add(b)
    linked[b]?.add(a)
  }
  const parts: number[][] = []
  const seen = new Set<number>()
  for (const first of linked.keys()) {
    const part: number[] = []
    const open = [first]
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (seen.has(one)) continue
      seen.add(one)
      part.push(one)
      open.push(...(linked[one] ?? []))
    }
    if (part.length > 0) parts.push(part.toSorted((a, b) => a - b))
  }
  return parts
}

/** What the question says of some things, by their places among them. */
function partWith({ pairs, sets = [], weights = [], needs = [] }: Incompatibility, members: readonly number[]): Part {
  const place = new Map(members.map((one, at) => [one, at]))
  const placesOf = (all: readonly number[]): readonly number[] => all.flatMap((one) => place.get(one) ?? [])
  const rivals = members.map(() => new Set<number>())
  for (const [a, b] of pairs.map(placesOf)) {
    if (a === undefined || b === undefined) continue
    rivals[a]?.add(b)
    rivals[b]?.add(a)
  }
  return {
    weights: members.map((one) => weights[one] ?? 1),
    rivals,
    needs: members.map((one) => placesOf(needs[one] ?? [])),
    sets: sets.map(placesOf).filter((set) => set.length > 0),
  }
}
