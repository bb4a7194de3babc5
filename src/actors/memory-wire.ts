import { copyOf } from './copy.ts'
import type { Wire } from './wire.ts'

/** When so many letters were delivered, input and timers get their turn before the next. */
const mostInOneTurn = 1_000

/**
 * Carries the messages of any number of in-memory wires, all that were posted at a time together, right after what is being done: where
 * many agents hear of something in one turn of the event loop, each goes on as soon as it has been answered, not when all have asked.
 */
export class PostOffice {
  #letters: Letter[] = []
  #deliveredInTurn = 0

  /** Two ends of a new wire. Nothing of it keeps the process alive but a letter under way. */
  openWire(): readonly [Wire, Wire] {
    const near = new MemoryWire(this)
    const far = new MemoryWire(this)
    near.peer = far
    far.peer = near
    return [near, far]
  }

  /** Delivers the letter when whoever sends it has come to an end, after all letters sent before. */
  send(letter: Letter): void {
    if (this.#letters.push(letter) === 1) this.#schedule()
  }

  #schedule(): void {
    if (this.#deliveredInTurn < mostInOneTurn) process.nextTick(this.#deliver)
    else setImmediate(this.#deliver)
  }

  readonly #beginTurn = (): void => {
    this.#deliveredInTurn = 0
  }

  readonly #deliver = (): void => {
    const letters = this.#letters
    this.#letters = []
    if (this.#deliveredInTurn === 0) setImmediate(this.#beginTurn)
    this.#deliveredInTurn += letters.length
    let delivered = 0
    try {
      for (const letter of letters) {
        delivered += 1
        letter.to.receive(letter)
      }
    } finally {
      // a listener that throws must not cost the others their letters
      if (delivered < letters.length) this.#resume(letters.slice(delivered))
    }
  }

  #resume(rest: Letter[]): void {
    if (this.#letters.length === 0) this.#schedule()
    this.#letters = [...rest, ...this.#letters]
  }
}

/** A message under way, or the word that the sender has closed the wire. */
interface Letter {
  readonly to: MemoryWire
  readonly closes: boolean
  readonly message: unknown
}

class MemoryWire implements Wire {
  peer: MemoryWire | null = null
  readonly #office: PostOffice
  readonly #onMessage: ((message: unknown) => void)[] = []
  readonly #onClose: (() => void)[] = []
  #open = true

  constructor(office: PostOffice) {
    this.#office = office
  }

  post(message: unknown): void {
    if (this.#open && this.peer) this.#office.send({ to: this.peer, closes: false, message: copyOf(message) })
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#onMessage.push(listener)
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    // both ends hear of it, each after what was posted to it before
    if (this.peer) this.#office.send({ to: this.peer, closes: true, message: undefined })
    this.#office.send({ to: this, closes: true, message: undefined })
  }

  receive(letter: Letter): void {
    if (letter.closes) this.#hearClose()
    else if (this.#open) for (const listener of this.#onMessage) listener(letter.message)
  }

  #hearClose(): void {
    this.#open = false
    this.peer = null
    this.#onMessage.length = 0
    for (const listener of this.#onClose.splice(0)) listener()
  }
}
