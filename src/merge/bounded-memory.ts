/** Remembers values up to a weight in all; what was asked for longest ago is forgotten first. */
export class BoundedMemory<Value> {
  readonly #limit: number
  readonly #known = new Map<string, { readonly value: Value; readonly weight: number }>()
  #weight = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): Value | undefined {
    const known = this.#known.get(key)
    if (known === undefined) return undefined
    this.#known.delete(key)
    this.#known.set(key, known)
    return known.value
  }

  /** One that is heavier than all that may be remembered is not. */
  set(key: string, value: Value, weight: number): void {
    this.#forget(key)
    if (weight > this.#limit) return
    this.#known.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#known.keys()) {
      if (this.#weight <= this.#limit) return
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    this.#weight -= this.#known.get(key)?.weight ?? 0
    this.#known.delete(key)
  }
}
