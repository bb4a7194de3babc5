import { blame, type TestVerdict } from '../../merge/blame.ts'

/** How a search for those who break a check went. */
export interface Searched {
  readonly runs: number
  /** Whom it names; nobody where it found that nothing can be said. */
  readonly named: readonly number[]
}

/** Tests the base with these things, ascending. */
type Test = (things: readonly number[]) => TestVerdict
/** Finds those that break a check, of a whole that is known to fail. */
export type Search = (count: number, test: Test) => Promise<Searched>

/** What the aggregator does. */
export const byBlame: Search = async (count, test) => {
  const found = await blame({ count, test: (things) => Promise.resolve(test(things)) })
  return { runs: found.runs, named: found.how === 'culprits' ? found.culprits : [] }
}

/** Prefixes one after the other, again with what was found until that fails by itself. */
export const byOneByOne: Search = (count, test) =>
  repeatedly(count, test, (bound, fails) => {
    for (let end = 1; end < bound; end += 1) if (fails(end)) return end
    return bound
  })

/** The same by halving, as `git bisect` does it. */
export const byHalving: Search = (count, test) =>
  repeatedly(count, test, (bound, fails) => {
    let [passing, failing] = [0, bound]
    while (failing - passing > 1) {
      const middle = (passing + failing) >> 1
      if (fails(middle)) failing = middle
      else passing = middle
    }
    return failing
  })

type ShortestFailing = (bound: number, fails: (end: number) => boolean) => number

async function repeatedly(count: number, test: Test, shortestFailing: ShortestFailing): Promise<Searched> {
  let runs = 0
  let named: readonly number[] = []
  const fails = (things: ReadonlySet<number>): boolean => {
    runs += 1
    return test([...things].toSorted((a, b) => a - b)) === 'fail'
  }
  for (let bound = count; bound > 0;) {
    const found = named
    bound =
      shortestFailing(bound, (end) => fails(new Set([...found, ...Array.from({ length: end }, (_, at) => at)]))) - 1
    named = [...named, bound].toSorted((a, b) => a - b)
    if (fails(new Set(named))) break
  }
  return { runs, named }
}

/** A check that fails where all of these are there. */
export const brokenBy =
  (culprits: readonly number[]): Test =>
  (things) =>
    culprits.every((one) => things.includes(one)) ? 'fail' : 'pass'

/** A check that nobody breaks and that fails by chance in one of so many runs, drawn by a seed (Park and Miller). */
export function failingByChance(oneIn: number, seed: number): Test {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state % oneIn === 0 ? 'fail' : 'pass'
  }
}
