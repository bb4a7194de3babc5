/** Those who wait for a free place, served in turn; a place told to one is not told to another in the same turn. */
export class Room {
  readonly #free: () => number
  #waiters: PromiseWithResolvers<void>[] = []
  /** Places told to waiters who have not taken them yet. */
  #promised = 0

  /** @param free how many places are free now, promised ones included */
  constructor(free: () => number) {
    this.#free = free
  }

  /** Resolves when there is a place; it is kept until the event loop turns. */
  wait(): Promise<void> {
    const waiter = Promise.withResolvers<void>()
    this.#waiters.push(waiter)
    this.admit()
    return waiter.promise
  }

  /** Must be told when a place is taken. */
  taken(): void {
    this.#promised = Math.max(0, this.#promised - 1)
  }

  /** Must be told when a place may have become free: tells as many waiters as there are places. */
  admit(): void {
    const admitted = this.#waiters.splice(0, Math.max(0, this.#free() - this.#promised))
    if (admitted.length === 0) return
    if (this.#promised === 0) setImmediate(() => this.#forget())
    this.#promised += admitted.length
    for (const { resolve } of admitted) resolve()
  }

  /** Turns all waiters away. */
  close(reason: Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(reason)
  }

  /** Who was told and did not come has lost the place; the next ones get it. */
  #forget(): void {
    this.#promised = 0
    this.admit()
  }
}
