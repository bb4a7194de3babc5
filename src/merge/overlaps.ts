import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import type { CommitId } from '../ids.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import type { Footprint } from './footprint.ts'
import { openPairsInMemory, type PairsInMemory } from './pairs-in-memory.ts'

/** The change sets known so far, compared as they arrive. */
export interface Overlaps extends AsyncDisposable {
  /** The conflicts a change set has with those taken before; the same answer when it is taken again. */
  add(changeSet: ChangeSet): Promise<readonly Conflict[]>
  /**
   * What does not go together as of now: among snapshots of what tasks have written so far, in the order of the manifest, and between
   * them and the change sets taken. Pairs of which neither has changed since the last time are not compared again.
   */
  look(underWay: readonly ChangeSet[]): Promise<readonly Conflict[]>
}

/** Compares change sets pair by pair as they arrive, one arrival after the other. */
export function openOverlaps(git: Git): Overlaps {
  const pairs = openPairsInMemory(git)
  const taken = new Taken(pairs)
  const underWay = new UnderWay(pairs)
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, in the order of arrival. */
  function inTurn(work: () => Promise<readonly Conflict[]>): Promise<readonly Conflict[]> {
    const answer = last.then(work)
    last = answer.catch(() => {})
    return answer
  }

  return {
    add: (changeSet) => inTurn(() => taken.take(changeSet)),
    look: (snapshots) => inTurn(() => underWay.compare(snapshots, taken.footprints)),
    async [Symbol.asyncDispose]() {
      await last
      await pairs[Symbol.asyncDispose]()
    },
  }
}

/** Change sets that are final. */
class Taken {
  readonly #pairsOf: PairsInMemory
  readonly #conflicts = new Map<CommitId, readonly Conflict[]>()
  readonly footprints: Footprint[] = []

  constructor(pairs: PairsInMemory) {
    this.#pairsOf = pairs
  }

  async take(changeSet: ChangeSet): Promise<readonly Conflict[]> {
    const known = this.#conflicts.get(changeSet.commit)
    if (known !== undefined) return known
    const pairs = this.#pairsOf
    const footprint = await pairs.footprintOf(changeSet)
    const found: Conflict[] = []
    for (const ours of this.footprints) {
      if (ours.changeSet.task === changeSet.task) continue
      for (const conflict of await pairs.conflictsBetween(ours, footprint)) found.push(conflict)
    }
    const conflicts = sortConflicts(found)
    this.#conflicts.set(changeSet.commit, conflicts)
    this.footprints.push(footprint)
    return conflicts
  }
}

/** What is known of a snapshot. */
interface Seen {
  readonly footprint: Footprint
  /** How many of the change sets taken it has been compared with. */
  readonly compared: number
  readonly conflicts: readonly Conflict[]
}

/** Snapshots, which the next ones of their tasks replace. */
class UnderWay {
  readonly #pairsOf: PairsInMemory
  #seen: ReadonlyMap<CommitId, Seen> = new Map()
  /** By the commits of both. */
  #pairs: ReadonlyMap<string, readonly Conflict[]> = new Map()

  constructor(pairs: PairsInMemory) {
    this.#pairsOf = pairs
  }

  async compare(snapshots: readonly ChangeSet[], taken: readonly Footprint[]): Promise<readonly Conflict[]> {
    const pairs = this.#pairsOf
    const known = await Promise.all(snapshots.map((snapshot) => this.#seenOf(snapshot)))
    const footprints = known.map(({ footprint }) => footprint)
    await pairs.expect(footprints)
    const now: Seen[] = []
    for (const seen of known) now.push(await withTaken(pairs, seen, taken))
    const among = await this.#among(pairs, footprints)
    this.#seen = new Map(now.map((one) => [one.footprint.changeSet.commit, one]))
    this.#pairs = among
    return sortConflicts([...now.flatMap(({ conflicts }) => conflicts), ...[...among.values()].flat()])
  }

  async #seenOf(snapshot: ChangeSet): Promise<Seen> {
    const seen = this.#seen.get(snapshot.commit)
    return seen ?? { footprint: await this.#pairsOf.footprintOf(snapshot), compared: 0, conflicts: [] }
  }

  async #among(pairs: PairsInMemory, now: readonly Footprint[]): Promise<ReadonlyMap<string, readonly Conflict[]>> {
    const among = new Map<string, readonly Conflict[]>()
    for (const [at, theirs] of now.entries()) {
      for (const ours of now.slice(0, at)) {
        const key = `${ours.changeSet.commit} ${theirs.changeSet.commit}`
        among.set(key, this.#pairs.get(key) ?? (await pairs.conflictsBetween(ours, theirs)))
      }
    }
    return among
  }
}

async function withTaken(pairs: PairsInMemory, seen: Seen, taken: readonly Footprint[]): Promise<Seen> {
  const { footprint, compared } = seen
  const conflicts = [...seen.conflicts]
  for (const ours of taken.slice(compared)) {
    if (ours.changeSet.task !== footprint.changeSet.task) {
      for (const conflict of await pairs.conflictsBetween(ours, footprint)) conflicts.push(conflict)
    }
  }
  return { footprint, compared: taken.length, conflicts }
}
