import * as Comlink from 'comlink'
import type { Clock } from '../clock.ts'
import { messageOf, TroupeError } from '../errors.ts'
import type { ActorId } from '../ids.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { ActorHandle, ActorSpec, AnswerOf, ArgsOf, AskOptions, Exit, HostKind, SupervisorApi } from './contract.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.ts'
import { inTime } from './deadline.ts'
import { describeExit } from './exit-text.ts'
import { Mux } from './mux.ts'
import type { Place, PlaceEnd } from './place.ts'
import { type ActorEndpoint, channels, type Request, takenEvery } from './protocol.ts'
import { toError } from './thrown.ts'

/** What a handle is made of. */
export interface HandleParts {
  readonly spec: ActorSpec
  readonly kind: HostKind
  readonly place: Place
  readonly supervisor: SupervisorApi
  readonly clock: Clock
  readonly deadLetters: DeadLetters
}

/** As gen_server:call. */
const defaultAskMs = 5000

/**
 * The supervisor's side of an actor, the same for every host.
 *
 *     begin ──> running ── stop: cancel is heard, or the actor finishes ──> ending ── no call is pending ──> wire closed
 *                  └──────────── grace is over ──> place destroyed ─────────────┴──────────> place gone ──> closed
 *
 * comlink never settles a call to a dead peer, so each pending call is kept here and rejected when the place has gone.
 */
export class Handle<Api extends object> implements ActorHandle<Api> {
  readonly id: ActorId
  readonly kind: HostKind
  readonly identity: ProcessIdentity | null
  readonly closed: Promise<Exit>
  readonly #parts: HandleParts
  readonly #mux: Mux
  readonly #remote: Comlink.Remote<ActorEndpoint>
  readonly #pending = new Set<(reason: TroupeError) => void>()
  #exit: Exit | null = null
  /** Why the actor was first asked to stop. */
  #asked: string | null = null
  /** Why force was first used. */
  #killed: string | null = null
  /** Set when the actor has heard that it shall end, or has said that it will. */
  #ending = false

  constructor(parts: HandleParts) {
    this.id = parts.spec.id
    this.kind = parts.kind
    this.identity = parts.place.identity
    this.#parts = parts
    this.#mux = new Mux(parts.place.wire)
    this.#remote = Comlink.wrap<ActorEndpoint>(this.#mux.endpoint(channels.actor))
    this.#listen()
    this.closed = parts.place.gone.then((end) => this.#conclude(end))
  }

  /** Starts the actor; rejects with HOST_FAILED, when nothing is left of it, if it does not answer `withinMs`. */
  async begin(withinMs: number): Promise<void> {
    const cancelTimer = this.#parts.clock.after(withinMs, () => {
      this.#destroy(`it did not start within ${withinMs} ms`)
    })
    try {
      await this.#request({ ask: 'start', spec: this.#parts.spec })
    } catch (cause) {
      this.#destroy('it could not start')
      await this.closed
      throw new TroupeError('HOST_FAILED', `cannot start ${this.id} (${this.kind}): ${messageOf(cause)}`, { cause })
    } finally {
      cancelTimer()
    }
  }

  async call<Name extends keyof Api & string>(name: Name, ...args: ArgsOf<Api, Name>): Promise<AnswerOf<Api, Name>> {
    return (await this.#send('call', name, args)) as AnswerOf<Api, Name>
  }

  async ask<Name extends keyof Api & string>(
    name: Name,
    args: ArgsOf<Api, Name>,
    { withinMs = defaultAskMs }: AskOptions = {},
  ): Promise<AnswerOf<Api, Name>> {
    const answer = this.#send('ask', name, args)
    const inTimeAnswer = inTime(answer, {
      clock: this.#parts.clock,
      withinMs,
      message: `${this.id} has not answered ${name} within ${withinMs} ms`,
      late: () => {
        // the end of the actor is no answer
        if (this.#exit === null) this.#lose('late-answer', { kind: 'answer', method: name })
      },
    })
    return (await inTimeAnswer) as AnswerOf<Api, Name>
  }

  cast<Name extends keyof Api & string>(name: Name, ...args: ArgsOf<Api, Name>): void {
    const listening = this.#isListening()
    this.#send('cast', name, args).catch((error: unknown) => {
      if (!listening) return
      const reason = this.#exit === null ? 'cast-failed' : 'actor-gone'
      this.#lose(reason, { kind: 'cast', method: name, detail: messageOf(error) })
    })
  }

  async stop(reason: string, graceMs: number): Promise<Exit> {
    if (this.#exit !== null) return this.#exit
    this.#ask(reason)
    if (graceMs <= 0) this.#destroy(reason)
    else if (Number.isFinite(graceMs)) this.#destroyAfter(graceMs, reason)
    return await this.closed
  }

  #listen(): void {
    let taken = 0
    this.#mux.on(channels.events, (event) => {
      taken += 1
      if (taken % takenEvery === 0) this.#mux.post(channels.taken, takenEvery)
      this.#parts.supervisor.emit(event)
    })
    this.#mux.on(channels.life, () => {
      this.#end()
    })
  }

  #send(kind: 'call' | 'ask' | 'cast', method: string, args: readonly unknown[]): Promise<unknown> {
    const exit = this.#exit
    if (!this.#isListening()) {
      this.#lose('actor-gone', { kind, method, detail: exit === null ? 'it is ending' : describeExit(exit) })
    }
    return this.#request({ ask: 'call', name: method, args })
  }

  #isListening(): boolean {
    return this.#mux.open
  }

  #lose(reason: DeadLetter['reason'], letter: Pick<DeadLetter, 'kind' | 'method'> & Partial<DeadLetter>): void {
    this.#parts.deadLetters.add({ detail: null, ...letter, reason, actor: this.id })
  }

  #request(request: Request): Promise<unknown> {
    if (this.#exit !== null) return Promise.reject(this.#gone(this.#exit))
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#pending.delete(reject)
        act()
        this.#closeWhenIdle()
      }
      this.#pending.add(reject)
      this.#remote(request).then(
        (answer) => {
          settle(() => {
            if (answer.ok) resolve(answer.value)
            else reject(toError(answer.error))
          })
        },
        (error: unknown) => {
          settle(() => {
            reject(error as Error)
          })
        },
      )
    })
  }

  #ask(reason: string): void {
    if (this.#asked !== null) return
    this.#asked = reason
    if (!this.#mux.open) return // it is ending by itself
    const heard = (): void => {
      this.#end()
    }
    // never settles when the actor dies first, and then nobody waits for it
    this.#remote({ ask: 'cancel', reason }).then(heard, heard)
  }

  #end(): void {
    this.#ending = true
    this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (this.#ending && this.#pending.size === 0) this.#mux.close()
  }

  #destroyAfter(graceMs: number, reason: string): void {
    const cancelTimer = this.#parts.clock.after(graceMs, () => {
      this.#destroy(`${reason} (not ended within ${graceMs} ms)`)
    })
    void this.closed.then(cancelTimer)
  }

  #destroy(reason: string): void {
    if (this.#exit !== null) return
    this.#killed ??= reason
    this.#parts.place.destroy()
  }

  #conclude(end: PlaceEnd): Exit {
    const exit = this.#exitFor(end)
    this.#exit = exit
    this.#mux.close()
    // comlink would keep the dead end registered until the next full collection
    this.#remote[Comlink.releaseProxy]()
    for (const reject of this.#pending) reject(this.#gone(exit))
    this.#pending.clear()
    return exit
  }

  #exitFor(end: PlaceEnd): Exit {
    if (this.#killed !== null) {
      const abandoned = end.how === 'abandoned' ? '; abandoned, since nothing can take it from this event loop' : ''
      return { how: 'killed', reason: `${this.#killed}${abandoned}` }
    }
    if (end.how === 'crashed') return end
    return this.#asked === null ? { how: 'normal' } : { how: 'shutdown', reason: this.#asked }
  }

  #gone(exit: Exit): TroupeError {
    return new TroupeError('ACTOR_GONE', `${this.id} is gone: ${describeExit(exit)}`)
  }
}
