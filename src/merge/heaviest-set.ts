/** Things of which not all go together; everything is by their places, from 0. */
export interface Part {
  readonly weights: readonly number[]
  /** Those that each does not go with. */
  readonly rivals: readonly ReadonlySet<number>[]
  /** Earlier ones without which each cannot be taken. */
  readonly needs: readonly (readonly number[])[]
  /** Of each of these not all may be taken. */
  readonly sets: readonly (readonly number[])[]
}

/** How much is looked at: enough for most parts of sixty things, a fraction of a second at the worst. */
const mostSteps = 10_000_000

/**
 * The places of the heaviest set that may be taken. Fewest conflicts first gives a set, exchanges of one for two a better one, and
 * branch and bound looks for any that is heavier still, through all there are unless that takes too long. No clock and no chance:
 * the same part gives the same set.
 */
export function heaviestSet(part: Part): readonly number[] {
  const first = fewestConflictsFirst(part)
  if (part.weights.length < 2) return first
  return new Search(part, exchanged(part, first)).run()
}

const worth = ({ weights }: Part, all: readonly number[]): number =>
  all.reduce((sum, one) => sum + (weights[one] ?? 0), 0)

const rivalsOf = ({ rivals }: Part, one: number): ReadonlySet<number> => rivals[one] ?? new Set()

/** Whether one may join others, all of them going together and without its rivals. */
const mayJoin = ({ needs, sets }: Part, one: number, chosen: ReadonlySet<number>): boolean =>
  (needs[one] ?? []).every((need) => chosen.has(need)) &&
  !sets.some((set) => set.includes(one) && set.every((other) => other === one || chosen.has(other)))

function fewestConflictsFirst(part: Part): readonly number[] {
  const open = new Set(part.weights.keys())
  const left = part.rivals.map(({ size }) => size)
  const chosen = new Set<number>()
  const close = (one: number): void => {
    if (!open.delete(one)) return
    for (const rival of rivalsOf(part, one)) left[rival] = (left[rival] ?? 0) - 1
  }
  const cost = (one: number): number => (left[one] ?? 0) / (part.weights[one] ?? 1)
  while (open.size > 0) {
    let next: number | null = null
    for (const one of open) if (mayJoin(part, one, chosen) && (next === null || cost(one) < cost(next))) next = one
    if (next === null) break
    chosen.add(next)
    close(next)
    for (const rival of rivalsOf(part, next)) close(rival)
  }
  return [...chosen].toSorted((a, b) => a - b)
}

/** A set in which no one can be exchanged for two that are heavier; only where nothing but pairs speaks against things. */
function exchanged(part: Part, start: readonly number[]): readonly number[] {
  if (part.sets.length > 0 || part.needs.some((needs) => needs.length > 0)) return start
  const chosen = new Set(start)
  for (let better = exchangeIn(part, chosen); better !== null; better = exchangeIn(part, chosen)) {
    chosen.delete(better.out)
    for (const one of better.in) chosen.add(one)
  }
  return [...chosen].toSorted((a, b) => a - b)
}

function exchangeIn(part: Part, chosen: ReadonlySet<number>): { out: number; in: readonly number[] } | null {
  const onlyRival = new Map<number, number[]>()
  for (const one of part.weights.keys()) {
    if (chosen.has(one)) continue
    const [out, ...others] = [...rivalsOf(part, one)].filter((rival) => chosen.has(rival))
    if (out !== undefined && others.length === 0) onlyRival.set(out, [...(onlyRival.get(out) ?? []), one])
  }
  for (const [out, free] of onlyRival) {
    for (const [at, one] of free.entries()) {
      const other = free.slice(at + 1).find((another) => !rivalsOf(part, one).has(another))
      const instead = other === undefined ? [one] : [one, other]
      if (worth(part, instead) > worth(part, [out])) return { out, in: instead }
    }
  }
  return null
}

/** Branch and bound: with and without the one that has the most rivals left, as long as more than the best can come of it. */
class Search {
  readonly #part: Part
  /** For each, itself and all that cannot be without it. */
  readonly #dependants: readonly ReadonlySet<number>[]
  #best: readonly number[]
  #steps = 0

  constructor(part: Part, start: readonly number[]) {
    this.#part = part
    this.#best = start
    this.#dependants = dependantsIn(part)
  }

  run(): readonly number[] {
    this.#search([], [...this.#part.weights.keys()])
    return this.#best.toSorted((a, b) => a - b)
  }

  #search(chosen: readonly number[], open: readonly number[]): void {
    if (worth(this.#part, chosen) > worth(this.#part, this.#best)) this.#best = chosen
    this.#steps += open.length ** 2 + 1
    if (open.length === 0 || this.#steps > mostSteps) return
    if (worth(this.#part, chosen) + this.#bound(open) <= worth(this.#part, this.#best)) return
    const next = this.#mostRivals(open)
    if (mayJoin(this.#part, next, new Set(chosen)))
      this.#search(
        [...chosen, next],
        this.#without(open, [...rivalsOf(this.#part, next)]).filter((one) => one !== next),
      )
    this.#search(chosen, this.#without(open, [next]))
  }

  /** No set of these is heavier: of those that are all rivals of each other only one can be taken. */
  #bound(open: readonly number[]): number {
    const groups: { readonly members: number[]; weight: number }[] = []
    for (const one of open) {
      const rivals = rivalsOf(this.#part, one)
      const weight = this.#part.weights[one] ?? 0
      const group = groups.find(({ members }) => members.every((member) => rivals.has(member)))
      if (group === undefined) groups.push({ members: [one], weight })
      else {
        group.members.push(one)
        group.weight = Math.max(group.weight, weight)
      }
    }
    return groups.reduce((sum, { weight }) => sum + weight, 0)
  }

  /** Of those about whose needs nothing is open. */
  #mostRivals(open: readonly number[]): number {
    const isOpen = new Set(open)
    const count = (one: number): number => [...rivalsOf(this.#part, one)].filter((rival) => isOpen.has(rival)).length
    const ready = open.filter((one) => !(this.#part.needs[one] ?? []).some((need) => isOpen.has(need)))
    const counts = ready.map(count)
    return ready[counts.indexOf(Math.max(...counts))] ?? 0
  }

  #without(open: readonly number[], gone: readonly number[]): readonly number[] {
    const all = new Set(gone.flatMap((one) => [...(this.#dependants[one] ?? [])]))
    return open.filter((one) => !all.has(one))
  }
}

function dependantsIn({ needs }: Part): readonly ReadonlySet<number>[] {
  const dependants = needs.map((_, one) => new Set([one]))
  // needs come earlier, so that those of the latest are known first
  for (const one of [...needs.keys()].toReversed())
    for (const need of needs[one] ?? []) for (const other of dependants[one] ?? []) dependants[need]?.add(other)
  return dependants
}
