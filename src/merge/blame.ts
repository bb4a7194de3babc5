/** What a set of things led to: nothing can be said of a set whose test could not run. */
export type TestVerdict = 'pass' | 'fail' | 'not-run'

/** What makes a whole fail. */
export type Blame =
  /** It fails without any of them. */
  | { readonly how: 'base'; readonly runs: number }
  /** These together, none of which can be spared; ascending. */
  | { readonly how: 'culprits'; readonly culprits: readonly number[]; readonly runs: number }
  /** The same set passes and fails. */
  | { readonly how: 'flaky'; readonly runs: number }
  /** A test could not run. */
  | { readonly how: 'unknown'; readonly runs: number }

interface BlameOptions {
  /** Things by number from 0; the whole of them is known to fail. */
  readonly count: number
  /** Tests the base with these things, ascending, and with what they need. */
  test(things: readonly number[]): Promise<TestVerdict>
}

/** Fails that a set of this size, with all that hold it, must have to be blamed: there are more ways to come upon a larger one by chance. */
const failsToBlame = (size: number): number => 5 + size
/** Of these, fails of the set alone. */
const failsAlone = (size: number): number => 2 + size
/** More than this many are hardly ever to blame together, but are soon come upon by chance. */
const mostCulprits = 5
/** How often a set must fail once chance is suspected. */
const times = 3

/**
 * Finds a smallest set of things that makes the whole fail: the shortest failing prefix by halving, whose last thing is one of them; then
 * with it the shortest prefix before, and so on (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002, with
 * the prefixes of QuickXplain, Junker 2004). A set that holds a failing one, or is held by a passing one, is not tested. For k
 * culprits among n it takes at most k (log2 n + 3) + 6 tests, three times as many once the same set has passed and failed.
 */
export async function blame(options: BlameOptions): Promise<Blame> {
  const first = await new Search(options, 1).find()
  if (first.how !== 'flaky') return first
  const again = await new Search(options, times).find()
  return { ...again, runs: first.runs + again.runs }
}

/** A search that met what cannot be, or could not go on. */
class BrokenOff extends Error {
  readonly how: 'flaky' | 'unknown'

  constructor(how: 'flaky' | 'unknown') {
    super(how)
    this.how = how
  }
}

class Search {
  readonly #options: BlameOptions
  readonly #times: number
  readonly #failing: (readonly number[])[] = []
  readonly #passing: (readonly number[])[] = []
  #runs = 0

  constructor(options: BlameOptions, times: number) {
    this.#options = options
    this.#times = times
    this.#failing.push(range(options.count))
  }

  async find(): Promise<Blame> {
    try {
      const culprits = await this.#culprits()
      // whatever passed holds the base
      if (this.#passing.length === 0 && (await this.#fails([])) && (await this.#failsAgain([])))
        return { how: 'base', runs: this.#runs }
      await this.#confirm(culprits)
      return { how: 'culprits', culprits, runs: this.#runs }
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error
      return { how: error.how, runs: this.#runs }
    }
  }

  async #culprits(): Promise<readonly number[]> {
    let culprits: readonly number[] = []
    let bound = this.#options.count
    do {
      const end = await this.#shortestFailing(culprits, bound)
      if (end === 0 || culprits.length === mostCulprits) throw new BrokenOff('flaky')
      bound = end - 1
      culprits = union(culprits, [bound])
    } while (!(await this.#fails(culprits)))
    return culprits
  }

  /** How long the shortest prefix is that fails together with the culprits; the one of length `bound` does. */
  async #shortestFailing(culprits: readonly number[], bound: number): Promise<number> {
    let [passing, failing] = [0, bound]
    while (failing - passing > 1) {
      const middle = (passing + failing) >> 1
      if (await this.#fails(union(culprits, range(middle)))) failing = middle
      else passing = middle
    }
    return failing
  }

  /** What fails by chance passes when it is tried again. */
  async #confirm(culprits: readonly number[]): Promise<void> {
    const holds = (set: readonly number[]): boolean => culprits.every((one) => set.includes(one))
    const alone = (): number => this.#failing.filter((set) => set.length === culprits.length && holds(set)).length
    while (
      this.#failing.filter(holds).length < failsToBlame(culprits.length) ||
      alone() < failsAlone(culprits.length)
    ) {
      if (!(await this.#failsAgain(culprits))) throw new BrokenOff('flaky')
    }
    if (culprits.length > 1 && culprits.length < 4) {
      for (const one of culprits) if (await this.#fails([one])) throw new BrokenOff('flaky')
    }
  }

  /** Whether a set fails, as far as it is known already, else by a test. */
  async #fails(set: readonly number[]): Promise<boolean> {
    if (this.#failing.some((known) => isSubset(known, set))) return true
    if (this.#passing.some((known) => isSubset(set, known))) return false
    return await this.#failsAgain(set)
  }

  /** Under suspicion of chance a set fails only when it does every time. */
  async #failsAgain(set: readonly number[]): Promise<boolean> {
    let isFailing = true
    for (let time = 1; isFailing && time <= this.#times; time += 1) {
      this.#runs += 1
      const verdict = await this.#options.test(set)
      if (verdict === 'not-run') throw new BrokenOff('unknown')
      isFailing = verdict === 'fail'
    }
    const isKnownOtherwise = isFailing
      ? this.#passing.some((known) => isSubset(set, known))
      : this.#failing.some((known) => isSubset(known, set))
    if (isKnownOtherwise) throw new BrokenOff('flaky')
    if (isFailing) this.#failing.push(set)
    else this.#passing.push(set)
    return isFailing
  }
}

const range = (end: number): readonly number[] => Array.from({ length: end }, (_, at) => at)
const union = (a: readonly number[], b: readonly number[]): readonly number[] =>
  [...new Set([...a, ...b])].toSorted((x, y) => x - y)
const isSubset = (a: readonly number[], b: readonly number[]): boolean => a.every((one) => b.includes(one))
