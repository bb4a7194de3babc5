interface Stop {
  readonly name: string
  readonly rest: Iterator<string>
}

/**
 * Cycles in a graph given by names, each as `a, b, a`; no two share a name. None are found only where there are none.
 * Linear, without recursion: a walk in depth, where a way back to the trail is a cycle.
 */
export function findCycles(needs: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const placeOf = new Map<string, number>()
  return [...needs.keys()].flatMap((start) => (placeOf.has(start) ? [] : cyclesFrom(start, needs, placeOf)))
}

/** A name's place is where it stands on the trail, and `left` once it has been left. */
function cyclesFrom(
  start: string,
  needs: ReadonlyMap<string, readonly string[]>,
  placeOf: Map<string, number>,
): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = []
  const told: Stretch[] = []
  const trail: Stop[] = []
  const enter = (name: string): void => {
    placeOf.set(name, trail.length)
    trail.push({ name, rest: (needs.get(name) ?? []).values() })
  }
  enter(start)
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const next = top.rest.next()
    if (next.done === true) {
      placeOf.set(top.name, left)
      trail.pop()
      shorten(told, trail.length)
      continue
    }
    const place = placeOf.get(next.value)
    if (place === undefined) {
      if (needs.has(next.value)) enter(next.value)
    } else if (place > (told.at(-1)?.to ?? left)) {
      cycles.push([...trail.slice(place).map(({ name }) => name), next.value])
      told.push({ from: place, to: trail.length - 1 })
    }
  }
  return cycles
}

const left = -1

/** Part of the trail that a cycle has been told of. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** Cuts the stretches to what is still on the trail. */
function shorten(told: Stretch[], length: number): void {
  const last = told.at(-1)
  if (last === undefined || last.to < length) return
  told.pop()
  if (last.from < length) told.push({ from: last.from, to: length - 1 })
}
