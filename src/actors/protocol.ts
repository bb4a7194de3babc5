import type { ActorSpec } from './contract.ts'
import type { Thrown } from './thrown.ts'

/**
 * What goes over the wire of an actor, the same for every host.
 *
 *     supervisor                          actor
 *     start, call, cancel   == actor ==>  comlink calls; each is answered
 *     emit                  <= events ==  one way, in order with the answers
 *     how many were taken   == taken ==>  one way; keeps the actor within its window
 *     the actor finishes    <== life ===  one way
 */
export const channels = { actor: 'actor', events: 'events', taken: 'taken', life: 'life' } as const

/** How many events an actor may be ahead of its supervisor before `emit` throws: the bound on memory. */
export const eventWindow = 65_536

/** After how many events the supervisor says that it has taken them. */
export const takenEvery = 1024

/** What the supervisor's side may ask. */
export type Request =
  /** Loads the module and makes the actor. */
  | { readonly ask: 'start'; readonly spec: ActorSpec }
  /** Calls a method of the actor. */
  | { readonly ask: 'call'; readonly name: string; readonly args: readonly unknown[] }
  /** Aborts the actor's signal. */
  | { readonly ask: 'cancel'; readonly reason: string }

/**
 * What the actor's side exposes through comlink. One function and not an object of methods: comlink makes and registers
 * a proxy for each method touched, which would be a fifth of the cost of a short actor.
 */
export type ActorEndpoint = (request: Request) => Promise<Answer>

/** An error is part of the answer, so that its code survives; comlink alone carries name and message only. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Thrown }
