import { type Clock, systemClock } from '../clock.ts'

/** Why a message reached nobody. */
export type DeadReason =
  /** The actor had ended, or ended before it handled a cast. */
  | 'actor-gone'
  /** No actor of that name runs. */
  | 'no-such-actor'
  /** The answer of an ask came after its deadline. */
  | 'late-answer'
  /** The actor emitted after its handle had closed. */
  | 'late-event'
  /** The actor threw at a cast, or has no such method: nobody waits for that error. */
  | 'cast-failed'

/** One message that reached nobody; its content is not kept. */
export interface DeadLetter {
  readonly reason: DeadReason
  /** The actor it was for or, of answers and events, from. */
  readonly actor: string
  readonly kind: 'call' | 'ask' | 'cast' | 'answer' | 'event'
  /** The method; null for events. */
  readonly method: string | null
  /** More words about the reason, or null. */
  readonly detail: string | null
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** How an office is set up. */
export interface DeadLettersOptions {
  /** How many of the latest letters are kept; default: 100. */
  readonly keep?: number
  /** Dates the letters; the machine's own by default. */
  readonly clock?: Clock
}

/** Counts every message that reached nobody, keeps the latest, and tells whoever subscribed. Bounded memory. */
export class DeadLetters {
  readonly #keep: number
  readonly #clock: Clock
  readonly #listeners = new Set<(letter: DeadLetter) => void>()
  readonly #counts: Record<DeadReason, number> = {
    'actor-gone': 0,
    'no-such-actor': 0,
    'late-answer': 0,
    'late-event': 0,
    'cast-failed': 0,
  }
  #latest: readonly DeadLetter[] = []

  constructor({ keep = 100, clock = systemClock }: DeadLettersOptions = {}) {
    this.#keep = keep
    this.#clock = clock
  }

  /** Takes a letter. */
  add(letter: Omit<DeadLetter, 'at'>): void {
    const dated = { ...letter, at: this.#clock.now() }
    this.#counts[letter.reason] += 1
    const letters = [...this.#latest, dated]
    this.#latest = letters.slice(Math.max(0, letters.length - this.#keep))
    for (const listener of this.#listeners) tell(listener, dated)
  }

  /** How many there were in all. */
  get total(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0)
  }

  /** How many there were of each reason. */
  get counts(): Readonly<Record<DeadReason, number>> {
    return { ...this.#counts }
  }

  /** The latest, oldest first. */
  get latest(): readonly DeadLetter[] {
    return this.#latest
  }

  /** Has `listener` told of every letter from now on; what it throws goes no further. Returns how to call it off. */
  subscribe(listener: (letter: DeadLetter) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}

function tell(listener: (letter: DeadLetter) => void, letter: DeadLetter): void {
  try {
    listener(letter)
  } catch {
    // whoever only listens must not cost the sender its turn, and there is no one left to tell
  }
}
