import type { ActorId } from '../ids.ts'
import type { ProcessIdentity } from '../process-identity.ts'

/** Where an actor lives. */
export type HostKind = 'async' | 'thread' | 'process'

/** Which actor to start: a module that exports a factory, and what to hand it. */
export interface ActorSpec {
  readonly id: ActorId
  /** file: URL of the module. */
  readonly module: string
  /** Name of the exported `ActorFactory`. */
  readonly export: string
  /** Handed to the factory; must survive structured clone. */
  readonly input: unknown
}

/** What the supervisor offers to an actor; plain data only, so that it can cross a process. */
export interface SupervisorApi {
  /** Tells the supervisor something; never waits for an answer. */
  emit(event: unknown): void
}

/** What an actor is given when it starts. */
export interface ActorContext {
  readonly id: ActorId
  readonly input: unknown
  /**
   * Aborts when the supervisor asks the actor to stop, or is gone; the message of its reason says why. Synchronous
   * listeners are the place for cleaning up: once the running calls have settled, nothing is waited for.
   */
  readonly signal: AbortSignal
  /**
   * Tells the supervisor something, in order, before anything the actor answers later. Throws TroupeError MAILBOX_FULL
   * when the supervisor is `eventWindow` events behind: join events at their source, or wait for room.
   */
  readonly emit: (event: unknown) => void
  /** Resolves when the supervisor is less than half of `eventWindow` behind. */
  readonly room: () => Promise<void>
  /** Ends the actor by itself (exit `normal`) once its running calls have settled. */
  readonly finish: () => void
}

/** Makes an actor: the methods of the returned object can be called from the supervisor. */
export type ActorFactory = (context: ActorContext) => object | Promise<object>

/** Why an actor ended, in OTP's manner: a value, never an exception. */
export type Exit =
  /** It finished by itself. */
  | { readonly how: 'normal' }
  /** It was asked to stop and did. */
  | { readonly how: 'shutdown'; readonly reason: string }
  /** It was taken away by force. */
  | { readonly how: 'killed'; readonly reason: string }
  /** It died. */
  | {
      readonly how: 'crashed'
      readonly message: string
      readonly code: number | string | null
      readonly signal: string | null
    }

/** What a method of an actor takes. */
export type ArgsOf<Api, Name extends keyof Api> = Api[Name] extends (...args: infer Args) => unknown ? Args : never

/** What a method of an actor answers. */
export type AnswerOf<Api, Name extends keyof Api> = Api[Name] extends (...args: never) => infer Result
  ? Awaited<Result>
  : never

/** How an actor is asked. */
export interface AskOptions {
  /** How long the answer may take, in milliseconds; Infinity waits for ever. Default: 5,000, as gen_server:call. */
  readonly withinMs?: number
}

/** The supervisor's side of a running actor. */
export interface ActorHandle<Api extends object> {
  readonly id: ActorId
  readonly kind: HostKind
  /** The process the actor lives in, when it has one of its own. */
  readonly identity: ProcessIdentity | null
  /** Settles once with why the actor ended; never rejects. */
  readonly closed: Promise<Exit>
  /** Calls a method; rejects with TroupeError ACTOR_GONE when the actor ends first. */
  call<Name extends keyof Api & string>(name: Name, ...args: ArgsOf<Api, Name>): Promise<AnswerOf<Api, Name>>
  /**
   * Calls a method with a deadline; rejects with TroupeError ASK_TIMEOUT when it is over and with ACTOR_GONE when the
   * actor ends first. The actor is not told of a time-out: what it still answers is a dead letter.
   */
  ask<Name extends keyof Api & string>(
    name: Name,
    args: ArgsOf<Api, Name>,
    options?: AskOptions,
  ): Promise<AnswerOf<Api, Name>>
  /** Calls a method without waiting: never throws. What the actor cannot take or throws is a dead letter. */
  cast<Name extends keyof Api & string>(name: Name, ...args: ArgsOf<Api, Name>): void
  /** Asks the actor to stop; after `graceMs` takes it away by force. 0 kills at once, Infinity waits for ever. */
  stop(reason: string, graceMs: number): Promise<Exit>
}

/** One kind of place for actors. */
export interface ActorHost extends AsyncDisposable {
  readonly kind: HostKind
  /** Resolves when the actor answers; rejects with TroupeError HOST_FAILED when it cannot start. */
  start<Api extends object>(spec: ActorSpec, supervisor: SupervisorApi): Promise<ActorHandle<Api>>
  /**
   * Gets places ready for actors that will soon be started, which then start sooner. Nobody waits for it, and nothing is told of one that
   * fails: the actor's own start will. A place that nobody takes is given up after a while.
   * @param module file: URL of their module
   */
  prepare(count: number, module: string): void
}
