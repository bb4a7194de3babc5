/** The actor's signal, made when the actor first looks at it: most short actors never do, and an abort is not cheap. */
export class StopSignal {
  readonly #controller = new AbortController()
  #seen = false
  #reason: string | null = null

  get signal(): AbortSignal {
    this.#seen = true
    this.#abortIfDue()
    return this.#controller.signal
  }

  /** Aborts with an AbortError whose message is the reason; the first reason counts. */
  request(reason: string): void {
    this.#reason ??= reason
    this.#abortIfDue()
  }

  #abortIfDue(): void {
    if (!this.#seen || this.#reason === null || this.#controller.signal.aborted) return
    this.#controller.abort(new DOMException(this.#reason, 'AbortError'))
  }
}
