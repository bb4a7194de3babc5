import type { Exit } from '../../actors/contract.ts'
import type { Clock } from '../../clock.ts'
import { messageOf, TroupeError } from '../../errors.ts'
import { backoffMs } from './backoff.ts'
import type { Child, ChildPolicy, ChildSpec } from './child-spec.ts'
import { Lives } from './lives.ts'
import type { SupervisorEvent } from './results.ts'
import { transition } from './transition.ts'
import type { Answer, Command, Happening } from './transition-events.ts'
import { find, type State } from './transition-state.ts'

/** What the shell is given to reach the world with. */
export interface Surroundings {
  readonly clock: Clock
  /** From 0 up to 1, as Math.random; jitters back-offs. */
  readonly random: () => number
  /** Told what happens, in order. */
  readonly onEvent?: (event: SupervisorEvent) => void
}

/** Owns the state of one supervisor: tells the machine what happens and carries out what it wants. */
export class Shell {
  readonly closed: Promise<Exit>
  readonly #surroundings: Surroundings
  readonly #starts = new WeakMap<ChildPolicy, ChildSpec['start']>()
  readonly #lives = new Lives()
  readonly #waits = new Map<number, () => void>()
  readonly #calls = new Map<number, (answer: unknown) => void>()
  readonly #queue: Happening[] = []
  readonly #forces: (() => void)[] = []
  readonly #closing = Promise.withResolvers<Exit>()
  #lastCall = 0
  #busy = false
  #state: State

  constructor(state: State, surroundings: Surroundings) {
    this.closed = this.#closing.promise
    this.#state = state
    this.#surroundings = surroundings
  }

  /** The machine's state as of now. */
  get state(): State {
    return this.#state
  }

  /** Keeps a child's start function for when the machine asks for it. */
  keep(policy: ChildPolicy, start: ChildSpec['start']): void {
    this.#starts.set(policy, start)
  }

  /** The living child of this incarnation, or null. */
  child(incarnation: number): Child | null {
    return this.#lives.get(incarnation)
  }

  /** Tells the machine of a call; the answer is of the call's own type, the machine sees to that. */
  ask<Result>(happening: (call: number) => Happening): Promise<Result> {
    const call = ++this.#lastCall
    return new Promise((resolve) => {
      this.#calls.set(call, (answer) => resolve(answer as Result))
      this.happen(happening(call))
    })
  }

  /** Tells the machine what happened: one thing at a time, in order, also when a callback calls back. */
  happen(happening: Happening): void {
    this.#queue.push(happening)
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const [state, commands] = transition(this.#state, { ...next, at: this.#surroundings.clock.monotonic() })
      this.#state = state
      for (const command of commands) this.#carryOut(command)
    }
    this.#busy = false
  }

  /** Stops the children; after `graceMs` takes away what is left. */
  stop(reason: string, graceMs: number): void {
    const force = (): void => this.happen({ type: 'force', reason })
    if (graceMs <= 0) return force()
    this.happen({ type: 'stop', reason })
    if (graceMs < Infinity && this.#state.phase.phase !== 'stopped') {
      this.#forces.push(this.#surroundings.clock.after(graceMs, force))
    }
  }

  /** Has `listener` told of the end of the child as it lives now; returns how to call it off, or null when none lives. */
  watch(id: string, listener: (exit: Exit) => void): (() => void) | null {
    const status = find(this.#state, id)?.status
    if (status === undefined || status.status === 'stopped') return null
    return this.#lives.watch(status.incarnation, (exit) => this.guard(() => listener(exit)))
  }

  /** Calls someone else's function; what it throws is reported and goes no further. */
  guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#report({ type: 'callback-failed', message: messageOf(error) })
    }
  }

  #carryOut(command: Command): void {
    switch (command.type) {
      case 'start':
        return void this.#live(command.policy, command.incarnation)
      case 'stop':
        return void this.#stopChild(command)
      case 'wait':
        return this.#wait(command)
      case 'cancel-wait':
        return this.#cancelWait(command.incarnation)
      case 'reply':
        return this.#reply(command.call, command.answer)
      case 'exit':
        for (const cancel of this.#forces) cancel()
        return this.#closing.resolve(command.exit)
      case 'note':
        return this.#report(command.event)
    }
  }

  async #live(policy: ChildPolicy, incarnation: number): Promise<void> {
    const { id } = policy
    let child: Child
    try {
      child = await this.#startOf(policy)()
    } catch (cause) {
      this.happen({ type: 'start-failed', id, incarnation, message: messageOf(cause), cause })
      return
    }
    this.#lives.add(incarnation, child)
    this.happen({ type: 'started', id, incarnation })
    const exit = await exitOf(child)
    const listeners = this.#lives.end(incarnation)
    this.happen({ type: 'exited', id, incarnation, exit })
    for (const tell of listeners) tell(exit)
  }

  #startOf(policy: ChildPolicy): ChildSpec['start'] {
    const start = this.#starts.get(policy)
    if (start === undefined) throw new TroupeError('INTERNAL', `child ${policy.id} has no start function`)
    return start
  }

  async #stopChild({ incarnation, reason, graceMs }: Extract<Command, { type: 'stop' }>): Promise<void> {
    try {
      await this.#lives.get(incarnation)?.stop(reason, graceMs)
    } catch (error) {
      this.#report({ type: 'callback-failed', message: messageOf(error) })
    }
  }

  #wait({ policy, incarnation, attempt }: Extract<Command, { type: 'wait' }>): void {
    const { id, backoff } = policy
    const delayMs = backoff === null ? 0 : backoffMs(backoff, attempt, this.#surroundings.random())
    const over = (): void => {
      this.#waits.delete(incarnation)
      this.happen({ type: 'wait-over', id, incarnation })
    }
    this.#waits.set(incarnation, this.#surroundings.clock.after(delayMs, over))
    this.#report({ type: 'child-waiting', id, attempt, delayMs })
  }

  #cancelWait(incarnation: number): void {
    this.#waits.get(incarnation)?.()
    this.#waits.delete(incarnation)
  }

  #reply(call: number, answer: Answer): void {
    const child = 'incarnation' in answer && answer.incarnation !== null ? this.#lives.get(answer.incarnation) : null
    this.#calls.get(call)?.(resultOf(answer, child))
    this.#calls.delete(call)
  }

  #report(event: SupervisorEvent): void {
    try {
      this.#surroundings.onEvent?.(event)
    } catch {
      // whoever only listens must not bring down the tree, and there is no one left to tell
    }
  }
}

/** The caller gets the child where the machine speaks of an incarnation. */
function resultOf(answer: Answer, child: Child | null): object {
  if (!('incarnation' in answer)) return answer
  const { incarnation: _, ...result } = answer
  return child === null ? result : { ...result, child }
}

async function exitOf(child: Child): Promise<Exit> {
  try {
    return await child.closed
  } catch (error) {
    return { how: 'crashed', message: messageOf(error), code: null, signal: null }
  }
}
