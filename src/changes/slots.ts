/** A bounded number of places for work that would otherwise crowd the machine; waiting work goes in order. */
export interface Slots {
  use<Result>(work: () => Promise<Result>): Promise<Result>
}

/** `count` places; one place is a mutex. */
export function openSlots(count: number): Slots {
  const waiting: (() => void)[] = []
  let free = count
  return {
    async use(work) {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => void waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
