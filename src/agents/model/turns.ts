/**
 * Lets those who wait go on one by one, each in a turn of the event loop of its own. Where many agents hear the end of an answer at once, all
 * would go on in one turn, and what the first of them asks for next would only be looked at when the last of them has asked.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []

  /** Resolves when all who asked before have had their turns. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#go)
    })
  }

  readonly #go = (): void => {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) setImmediate(this.#go)
  }
}
