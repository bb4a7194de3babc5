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
  /** Tests that may be made at the same time; 1 by default. */
  readonly atOnce?: number
  /**
   * Tests the base with these things, ascending, and with what they need.
   * @param afresh whatever is known: to tell what fails by chance
   */
  test(things: readonly number[], afresh: boolean): Promise<TestVerdict>
}

/** Fails that a set of this size, with all that hold it, must have to be blamed: there are more ways to come upon a larger one by chance. */
const failsToBlame = (size: number): number => 4 + size
/** Of these, fails of the set alone. */
const failsAlone = (size: number): number => 2 + size
/** More than this many are hardly ever to blame together, but are soon come upon by chance. */
const mostCulprits = 5
/** After so many parts that failed while none passed it is asked whether the base fails by itself. */
const failsBeforeBase = 2
/** How often a set must fail once chance is suspected. */
const times = 3

/** The most tests that it takes to name so many among a count, as long as nothing fails by chance. */
export const mostRuns = (count: number, culprits = mostCulprits): number =>
  culprits * (Math.ceil(Math.log2(Math.max(2, count))) + 3) + 6

/** The most tests whatever happens. */
export const mostRunsByChance = (count: number): number => (1 + times) * mostRuns(count) + times

/**
 * Finds a smallest set of things that makes the whole fail: the shortest failing prefix by halving, whose last thing is one of them; then
 * with it the shortest prefix before, and so on (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002, with
 * the prefixes of QuickXplain, Junker 2004). A set that holds a failing one, or is held by a passing one, is not tested, and what
 * passes holds the base. It takes at most `mostRuns`, and once the same set has passed and failed `mostRunsByChance`.
 */
export async function blame(options: BlameOptions): Promise<Blame> {
  const first = await new Search(options, 1).find()
  if (first.how !== 'suspect') return first
  const again = await new Search(options, times).find()
  const runs = first.runs + again.runs
  return again.how === 'suspect' ? { how: 'flaky', runs } : { ...again, runs }
}

/** Why a search ends without culprits: `suspect` met what cannot be unless something fails by chance. */
type BrokenOffBy = 'base' | 'flaky' | 'suspect' | 'unknown'

/** A search that met what cannot be, or need not go on. */
class BrokenOff extends Error {
  readonly how: BrokenOffBy

  constructor(how: BrokenOffBy) {
    super(how)
    this.how = how
  }
}

type Found = Blame | { readonly how: 'suspect'; readonly runs: number }

class Search {
  readonly #options: BlameOptions
  readonly #times: number
  readonly #whole: readonly number[]
  readonly #failing: (readonly number[])[] = []
  readonly #passing: (readonly number[])[] = []
  readonly #tested = new Set<string>()
  #runs = 0

  constructor(options: BlameOptions, times: number) {
    this.#options = options
    this.#times = times
    this.#whole = range(options.count)
    this.#failing.push(this.#whole)
    this.#tested.add(this.#whole.join())
  }

  async find(): Promise<Found> {
    try {
      if (this.#times > 1) await this.#mustFailAgain()
      const culprits = await this.#culprits()
      // whatever passed holds the base
      if (this.#passing.length === 0) await this.#mustHaveSoundBase()
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
    for (;;) {
      const end = await this.#shortestFailing(culprits, bound)
      if (end === 0 || culprits.length === mostCulprits) throw new BrokenOff('suspect')
      bound = end - 1
      culprits = union(culprits, [bound])
      if (await this.#fails(culprits)) return culprits
      // one that is not to blame alone is either one of several or was come upon by chance
      if (culprits.length === 1) await this.#mustFailAgain()
    }
  }

  /** How long the shortest prefix is that fails together with the culprits; the one of length `bound` does. */
  async #shortestFailing(culprits: readonly number[], bound: number): Promise<number> {
    let [passing, failing] = [0, bound]
    for (let fails = 0; failing - passing > 1;) {
      const middle = (passing + failing) >> 1
      if (await this.#fails(union(culprits, range(middle)))) {
        failing = middle
        fails += 1
      } else passing = middle
      if (fails === failsBeforeBase && this.#passing.length === 0) await this.#mustHaveSoundBase()
    }
    return failing
  }

  /** A base that fails by itself does so twice. */
  async #mustHaveSoundBase(): Promise<void> {
    if ((await this.#fails([])) && (await this.#failsAgain([]))) throw new BrokenOff('base')
  }

  /** A whole that passes now had failed by chance: nothing in it fails for sure. */
  async #mustFailAgain(): Promise<void> {
    const verdict = await this.#test(this.#whole)
    if (verdict === 'pass') throw new BrokenOff('flaky')
    this.#failing.push(this.#whole)
  }

  /** What fails by chance passes when it is tried again. */
  async #confirm(culprits: readonly number[]): Promise<void> {
    const holds = (set: readonly number[]): boolean => culprits.every((one) => set.includes(one))
    for (;;) {
      const all = this.#failing.filter(holds)
      const alone = all.filter((set) => set.length === culprits.length).length
      const missing = Math.max(failsToBlame(culprits.length) - all.length, failsAlone(culprits.length) - alone)
      if (missing <= 0) break
      const batch = Array.from({ length: Math.min(missing, this.#options.atOnce ?? 1) }, () => culprits)
      const fails = await together(batch, (set) => this.#failsAgain(set))
      if (fails.includes(false)) throw new BrokenOff('suspect')
    }
    if (culprits.length === 1) return
    for (let at = 0; at < culprits.length; at += this.#options.atOnce ?? 1) {
      const some = culprits.slice(at, at + (this.#options.atOnce ?? 1))
      const fails = await together(some, (one) => this.#fails([one]))
      if (fails.includes(true)) throw new BrokenOff('suspect')
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
    for (let time = 1; isFailing && time <= this.#times; time += 1) isFailing = (await this.#test(set)) === 'fail'
    const isKnownOtherwise = isFailing
      ? this.#passing.some((known) => isSubset(set, known))
      : this.#failing.some((known) => isSubset(known, set))
    if (isKnownOtherwise) throw new BrokenOff('suspect')
    if (isFailing) this.#failing.push(set)
    else this.#passing.push(set)
    return isFailing
  }

  async #test(set: readonly number[]): Promise<Exclude<TestVerdict, 'not-run'>> {
    const key = set.join()
    const afresh = this.#times > 1 || this.#tested.has(key)
    this.#tested.add(key)
    this.#runs += 1
    const verdict = await this.#options.test(set, afresh)
    if (verdict === 'not-run') throw new BrokenOff('unknown')
    return verdict
  }
}

/** Does work for all at once and waits for all, also where some of it fails. */
async function together<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const settled = await Promise.allSettled(items.map(work))
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

const range = (end: number): readonly number[] => Array.from({ length: end }, (_, at) => at)
const union = (a: readonly number[], b: readonly number[]): readonly number[] =>
  [...new Set([...a, ...b])].toSorted((x, y) => x - y)
const isSubset = (a: readonly number[], b: readonly number[]): boolean => a.every((one) => b.includes(one))
