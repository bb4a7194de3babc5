/** Which of `count` things do not go together, as pairs of their numbers. */
export interface Incompatibility {
  readonly count: number
  readonly pairs: readonly (readonly [number, number])[]
  /** What each is worth; 1 by default. */
  readonly weights?: readonly number[]
  /** Lower numbers without which each cannot be taken. */
  readonly needs?: readonly (readonly number[])[]
}

/** Parts up to this size are searched through. */
const exactUpTo = 24

/**
 * The things of the greatest weight together that all go with each other, ascending; among equals the one with the earlier things.
 * Parts that are not connected are looked at alone: small ones exactly (branch and bound), large ones fewest conflicts first.
 */
export function compatibleSet({ count, pairs, weights = [], needs = [] }: Incompatibility): readonly number[] {
  const graph: Graph = {
    against: Array.from({ length: count }, () => new Set<number>()),
    weight: (one) => weights[one] ?? 1,
    needs: (one) => needs[one] ?? [],
  }
  for (const [a, b] of pairs) {
    graph.against[a]?.add(b)
    graph.against[b]?.add(a)
  }
  const chosen = partsOf(graph).flatMap((part) => (part.length <= exactUpTo ? exact(graph, part) : greedy(graph, part)))
  return chosen.toSorted((a, b) => a - b)
}

interface Graph {
  readonly against: readonly ReadonlySet<number>[] & readonly Set<number>[]
  weight(one: number): number
  needs(one: number): readonly number[]
}

const rivals = ({ against }: Graph, one: number): ReadonlySet<number> => against[one] ?? new Set()

/** Whether all that a thing needs is taken. */
const isOpen = (graph: Graph, one: number, chosen: readonly number[]): boolean =>
  graph.needs(one).every((need) => chosen.includes(need))

/** Things that are connected by conflicts or needs, each part ascending. */
function partsOf(graph: Graph): readonly (readonly number[])[] {
  const seen = new Set<number>()
  const linked = graph.against.map((rivalsOfOne) => new Set(rivalsOfOne))
  for (const one of linked.keys()) {
    for (const need of graph.needs(one)) {
      linked[one]?.add(need)
      linked[need]?.add(one)
    }
  }
  const parts: number[][] = []
  for (const first of graph.against.keys()) {
    if (seen.has(first)) continue
    const part: number[] = []
    const open = [first]
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (seen.has(one)) continue
      seen.add(one)
      part.push(one)
      open.push(...(linked[one] ?? []))
    }
    parts.push(part.toSorted((a, b) => a - b))
  }
  return parts
}

const worth = (graph: Graph, all: readonly number[]): number => all.reduce((sum, one) => sum + graph.weight(one), 0)

function exact(graph: Graph, part: readonly number[]): readonly number[] {
  let best: readonly number[] = greedy(graph, part)
  const search = (chosen: readonly number[], open: readonly number[]): void => {
    if (worth(graph, chosen) > worth(graph, best)) best = chosen
    if (worth(graph, chosen) + worth(graph, open) <= worth(graph, best)) return
    const [first, ...rest] = open
    if (first === undefined) return
    if (isOpen(graph, first, chosen)) {
      search(
        [...chosen, first],
        rest.filter((one) => !rivals(graph, first).has(one)),
      )
    }
    search(chosen, rest)
  }
  search([], part)
  return best
}

function greedy(graph: Graph, part: readonly number[]): readonly number[] {
  const open = new Set(part)
  const chosen: number[] = []
  while (open.size > 0) {
    const cost = (one: number): number =>
      [...rivals(graph, one)].filter((rival) => open.has(rival)).length / graph.weight(one)
    const [next] = [...open].filter((one) => isOpen(graph, one, chosen)).toSorted((a, b) => cost(a) - cost(b) || a - b)
    if (next === undefined) break
    chosen.push(next)
    open.delete(next)
    for (const rival of rivals(graph, next)) open.delete(rival)
  }
  return chosen
}
