import type { ChildProcess } from 'node:child_process'
import type { Wire } from '../wire.ts'

/** What a child process is sent: it serves one actor after the other, each by its number. */
export type ToChild =
  /** For the actor, which begins with the first. */
  | { readonly lease: number; readonly message: unknown }
  /** Nobody listens to the actor any more. */
  | { readonly ended: number }
  /** The module of an actor that may come. */
  | { readonly load: string }

/** What a child process says. */
export type FromChild =
  | { readonly lease: number; readonly message: unknown }
  /** The actor has heard its end; `again` unless something of it is left in the process. */
  | { readonly left: number; readonly again: boolean }

/** How the far end of a lease is reached. */
export interface LeasePipe {
  send(message: ToChild | FromChild): void
  /** Tells the far end that the lease is over. */
  end(): void
}

/** One actor's share of the pipe between a child process and its supervisor; the same at both ends. */
export class LeaseWire implements Wire {
  readonly #lease: number
  readonly #pipe: LeasePipe
  readonly #listeners = new Set<(message: unknown) => void>()
  readonly #closed = new Set<() => void>()
  #open = true

  constructor(lease: number, pipe: LeasePipe) {
    this.#lease = lease
    this.#pipe = pipe
  }

  post(message: unknown): void {
    if (this.#open) this.#pipe.send({ lease: this.#lease, message })
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listeners.add(listener)
  }

  onClose(listener: () => void): void {
    this.#closed.add(listener)
  }

  close(): void {
    if (!this.#open) return
    this.#pipe.end()
    this.shut()
  }

  /** Takes a message in that has come for this lease. */
  take(message: unknown): void {
    if (this.#open) for (const listener of this.#listeners) listener(message)
  }

  /** The far end has closed it, or is gone. */
  shut(): void {
    if (!this.#open) return
    this.#open = false
    for (const listener of this.#closed) listener()
  }
}

/** The supervisor's end of the pipe to a child. */
export function pipeTo(child: ChildProcess, lease: number): LeasePipe {
  const send = (message: ToChild | FromChild): void => {
    // without a callback a send that fails later would be an 'error' event of the child
    if (child.connected) child.send(message, ignore)
  }
  return {
    send,
    end() {
      send({ ended: lease })
    },
  }
}

/** The child's own end. It is the supervisor who ends a lease: what was not yet written must arrive. */
export const pipeToParent: LeasePipe = {
  send(message) {
    if (process.connected) process.send?.(message, undefined, undefined, ignore)
  },
  end() {},
}

/** A failed write needs no answer here: the end of the pipe follows it. */
const ignore = (): void => {}
