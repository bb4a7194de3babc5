import fastq, { type done, type queue } from 'fastq'
import { TroupeError } from '../errors.ts'
import { PriorityHeap, type HeapItem } from './priority-heap.ts'
import { Room } from './room.ts'

const lanes = ['kill', 'stop', 'end', 'work'] as const

/** How urgent a letter is, before all ranks; only work is bounded, so that no order to stop is ever refused. */
export type Lane = (typeof lanes)[number]

/** Limits of a mailbox. */
export interface MailboxOptions {
  /** How many letters are handled at once. */
  readonly concurrency: number
  /** How many letters of lane work may wait. */
  readonly bound: number
}

/** How a letter is sent. */
export interface SendOptions {
  /** Default: work. */
  readonly lane?: Lane
  /** Within its lane the lowest rank comes first, then the letter sent first. Default: 0. */
  readonly rank?: number
  /** Cancels the letter while it waits; the handler is given it too. */
  readonly signal?: AbortSignal
}

interface Place extends HeapItem {
  readonly lane: number
  readonly rank: number
  readonly arrival: number
}

interface Letter<Body, Result> extends Place {
  readonly body: Body
  readonly signal: AbortSignal | undefined
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
  readonly onAbort: () => void
}

/**
 * A bounded mailbox in which the best letter is handled next, however late it came.
 *
 *     send -> heap of waiting letters (lane, rank, arrival) <- best letter - fastq: one token a letter -> handle
 *
 * fastq runs tokens, with its concurrency, pause and resume; a token is not bound to a letter but takes the best one
 * when it runs. A cancelled letter leaves the heap at once; its token is spare and serves the next letter sent.
 */
export class Mailbox<Body, Result> {
  readonly #handle: (body: Body, signal: AbortSignal | undefined) => Promise<Result>
  readonly #bound: number
  readonly #letters = new PriorityHeap<Letter<Body, Result>>(isBefore)
  readonly #tokens: queue<null>
  readonly #room = new Room(() => this.#bound - this.#work)
  #spareTokens = 0
  #arrivals = 0
  #work = 0
  #running = 0
  #closed: TroupeError | null = null
  #drained: PromiseWithResolvers<void> | null = null

  /** @param handle what is done with a letter; its result or rejection goes to the sender; never called from `send` */
  constructor(
    handle: (body: Body, signal: AbortSignal | undefined) => Promise<Result>,
    { concurrency, bound }: MailboxOptions,
  ) {
    if (!(bound >= 1)) throw new RangeError(`bound must be 1 or more, not ${bound}`)
    this.#handle = handle
    this.#bound = bound
    this.#tokens = fastq((_: null, done: done) => void this.#runToken(done), concurrency)
  }

  /** Letters that wait. */
  get waiting(): number {
    return this.#letters.size
  }

  /** The rank of the letter of lane work that is handled next; null when none waits, or one of another lane goes before it. */
  get nextRank(): number | null {
    const next = this.#letters.first
    return next?.lane === workLane ? next.rank : null
  }

  /** Letters being handled. */
  get running(): number {
    return this.#running
  }

  /** Whether a further letter of lane work would be refused. */
  get full(): boolean {
    return this.#work >= this.#bound
  }

  /** How many letters are handled at once; a change holds from the next letter on. */
  get concurrency(): number {
    return this.#tokens.concurrency
  }

  set concurrency(concurrency: number) {
    this.#tokens.concurrency = concurrency
  }

  /**
   * Sends a letter; resolves or rejects as its handler does. Rejects with the signal's reason when the letter is
   * cancelled while it waits, with TroupeError MAILBOX_FULL or MAILBOX_CLOSED when it is refused.
   */
  send(body: Body, { lane = 'work', rank = 0, signal }: SendOptions = {}): Promise<Result> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (Number.isNaN(rank)) return Promise.reject(new RangeError('rank is not a number'))
    if (lane === 'work' && this.full) {
      return Promise.reject(new TroupeError('MAILBOX_FULL', `${this.#work} letters wait already`))
    }
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const letter: Letter<Body, Result> = {
      body,
      lane: lanes.indexOf(lane),
      rank,
      arrival: ++this.#arrivals,
      signal,
      resolve,
      reject,
      onAbort: () => this.#cancel(letter),
      position: -1,
    }
    signal?.addEventListener('abort', letter.onAbort, { once: true })
    this.#enter(letter)
    return promise
  }

  /**
   * Resolves when a letter of lane work may be sent; those who ask are served in turn, one for each free place. The
   * place is kept until the event loop turns: send before you wait for anything else. Rejects with MAILBOX_CLOSED.
   */
  room(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    return this.#room.wait()
  }

  /** Handles no further letter until `resume`; those being handled go on. */
  pause(): void {
    this.#tokens.pause()
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.#tokens.resume()
  }

  /** Resolves when no letter waits and none is being handled. */
  drained(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Refuses all letters from now on, the waiting ones too, with MAILBOX_CLOSED; those being handled go on. */
  close(reason: string): void {
    if (this.#closed !== null) return
    this.#closed = new TroupeError('MAILBOX_CLOSED', `the mailbox is closed: ${reason}`)
    // tokens carry no promise that kill could leave pending
    this.#tokens.kill()
    for (let letter = this.#takeBest(); letter !== undefined; letter = this.#takeBest()) letter.reject(this.#closed)
    this.#room.close(this.#closed)
    this.#settleDrained()
  }

  #enter(letter: Letter<Body, Result>): void {
    this.#letters.push(letter)
    if (letter.lane === workLane) {
      this.#work++
      this.#room.taken()
    }
    if (this.#spareTokens > 0) this.#spareTokens--
    else this.#tokens.push(null, noop)
  }

  /** fastq's worker: must not end, nor call others, before it returns, or fastq recurses or loops. */
  async #runToken(done: done): Promise<void> {
    const letter = this.#takeBest()
    if (letter === undefined) {
      this.#spareTokens--
      await Promise.resolve()
    } else {
      this.#running++
      this.#room.admit()
      await Promise.resolve().then(() => this.#answer(letter))
      this.#running--
    }
    done(null)
    this.#settleDrained()
  }

  async #answer({ body, signal, resolve, reject }: Letter<Body, Result>): Promise<void> {
    try {
      signal?.throwIfAborted()
      resolve(await this.#handle(body, signal))
    } catch (error) {
      reject(error)
    }
  }

  #takeBest(): Letter<Body, Result> | undefined {
    const letter = this.#letters.pop()
    if (letter?.lane === workLane) this.#work--
    letter?.signal?.removeEventListener('abort', letter.onAbort)
    return letter
  }

  #cancel(letter: Letter<Body, Result>): void {
    if (!this.#letters.remove(letter)) return
    if (letter.lane === workLane) this.#work--
    this.#spareTokens++
    letter.reject(letter.signal?.reason)
    this.#room.admit()
    this.#settleDrained()
  }

  #isIdle(): boolean {
    return this.#letters.size === 0 && this.#running === 0
  }

  #settleDrained(): void {
    if (!this.#isIdle()) return
    this.#drained?.resolve()
    this.#drained = null
  }
}

const workLane = lanes.indexOf('work')

function isBefore(one: Place, other: Place): boolean {
  if (one.lane !== other.lane) return one.lane < other.lane
  return one.rank === other.rank ? one.arrival < other.arrival : one.rank < other.rank
}

const noop = (): void => undefined
