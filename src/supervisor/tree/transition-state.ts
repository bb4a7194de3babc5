import type { Exit } from '../../actors/contract.ts'
import { graceOf, type ChildPolicy } from './child-spec.ts'
import type { Flags } from './flags.ts'
import type { Answer, Command, Message } from './transition-events.ts'

/** Where a child stands; `restarting` carries the number of the wait or retry that holds it. */
export type ChildStatus =
  | { readonly status: 'stopped' }
  | { readonly status: 'starting'; readonly incarnation: number }
  | { readonly status: 'start-failed'; readonly incarnation: number; readonly message: string; readonly cause: unknown }
  | { readonly status: 'running'; readonly incarnation: number; readonly since: number }
  | { readonly status: 'exited'; readonly incarnation: number; readonly exit: Exit }
  | { readonly status: 'stopping'; readonly incarnation: number }
  | { readonly status: 'restarting'; readonly incarnation: number; readonly waits: boolean }

/** Why something is being done with children, and what follows when it is done. */
export type Purpose =
  | { readonly kind: 'start'; readonly call: number }
  | { readonly kind: 'start-child' | 'restart-child' | 'terminate-child'; readonly call: number; readonly id: string }
  | { readonly kind: 'restart' | 'stop-group-then-wait'; readonly id: string }

/** Children to stop and start, one after the other; while it lasts, messages for its scope wait. */
export interface Job {
  /** One child where children are independent, or null: the whole group. */
  readonly scope: string | null
  readonly purpose: Purpose
  readonly steps: readonly { readonly act: 'stop' | 'start'; readonly id: string }[]
}

/** What the supervisor knows of one child. */
export interface ChildRecord {
  readonly policy: ChildPolicy
  readonly status: ChildStatus
  /** Restarts in a row, for the back-off. */
  readonly streak: number
}

/** The call of a start that came to nothing; answered when all is down. */
export interface PendingStart {
  readonly call: number
  readonly answer: Answer
}

/** Where the supervisor itself stands. */
export type Phase =
  | { readonly phase: 'new' }
  | { readonly phase: 'running' }
  | {
      readonly phase: 'stopping'
      readonly exit: Exit
      readonly reason: string
      readonly pending: PendingStart | null
    }
  | { readonly phase: 'stopped'; readonly exit: Exit }

/** One supervisor. `outbox` is empty between transitions. */
export interface State {
  readonly flags: Flags
  readonly phase: Phase
  /** In start order. */
  readonly children: readonly ChildRecord[]
  readonly jobs: readonly Job[]
  readonly inbox: readonly Message[]
  /** When restarts within the window were counted, oldest first. */
  readonly restarts: readonly number[]
  readonly lastIncarnation: number
  readonly now: number
  readonly outbox: readonly Command[]
}

/** A supervisor that has not been started; `policies` in start order. */
export function initialState(flags: Flags, policies: readonly ChildPolicy[]): State {
  return {
    flags,
    phase: { phase: 'new' },
    children: policies.map((policy) => newRecord(policy)),
    jobs: [],
    inbox: [],
    restarts: [],
    lastIncarnation: 0,
    now: 0,
    outbox: [],
  }
}

/** A child that has never run. */
export const newRecord = (policy: ChildPolicy): ChildRecord => ({
  policy,
  status: { status: 'stopped' },
  streak: 0,
})

/** Whether what happens to one child concerns no other. */
export const isIndependent = ({ strategy }: Flags): boolean => strategy === 'one-for-one' || strategy === 'simple'

/** The child with this id, or undefined. */
export const find = ({ children }: State, id: string): ChildRecord | undefined => children[placeOf(children, id)]

/** From the end: whoever has just begun is asked for most. */
const placeOf = (children: readonly ChildRecord[], id: string): number =>
  children.findLastIndex((child) => child.policy.id === id)

/** The same state with some fields of one child changed. */
export function change(state: State, id: string, fields: Partial<ChildRecord>): State {
  const index = placeOf(state.children, id)
  const child = state.children[index]
  return child === undefined ? state : { ...state, children: state.children.with(index, { ...child, ...fields }) }
}

/** The same state with commands added. */
export const emit = (state: State, ...commands: readonly Command[]): State => ({
  ...state,
  outbox: [...state.outbox, ...commands],
})

/** The same state without the child, its spec included. */
export function remove(state: State, id: string): State {
  const place = placeOf(state.children, id)
  return place < 0 ? state : { ...state, children: state.children.toSpliced(place, 1) }
}

/** OTP's del_child: a temporary or dynamic child goes with its spec, any other stays as stopped. */
export function layDown(state: State, id: string): State {
  const child = find(state, id)
  if (child === undefined) return state
  const quiet = cancelWait(state, child)
  const forgotten = child.policy.restart === 'temporary' || state.flags.strategy === 'simple'
  return forgotten ? remove(quiet, id) : change(quiet, id, { status: { status: 'stopped' } })
}

/** The same state with the child's back-off, if any, called off. */
export function cancelWait(state: State, { status }: ChildRecord): State {
  if (status.status !== 'restarting' || !status.waits) return state
  return emit(state, { type: 'cancel-wait', incarnation: status.incarnation })
}

/** The same state with the child held as restarting; `waits`: a back-off is under way. */
export function hold(state: State, id: string, waits: boolean): State {
  const incarnation = state.lastIncarnation + 1
  return change({ ...state, lastIncarnation: incarnation }, id, {
    status: { status: 'restarting', incarnation, waits },
  })
}

/** The same state with a child's new life begun. */
export function startChild(state: State, { policy }: ChildRecord): State {
  const incarnation = state.lastIncarnation + 1
  const begun = change({ ...state, lastIncarnation: incarnation }, policy.id, {
    status: { status: 'starting', incarnation },
  })
  return emit(begun, { type: 'start', policy, incarnation })
}

/** The same state with a running child told to stop within `graceMs`, by default its own `shutdown`. */
export function stopChild(state: State, child: ChildRecord, reason: string, graceMs = graceOf(child.policy)): State {
  const { policy, status } = child
  if (status.status !== 'running' && status.status !== 'stopping') return state
  const { incarnation } = status
  const told = change(state, policy.id, { status: { status: 'stopping', incarnation } })
  return emit(told, { type: 'stop', id: policy.id, incarnation, reason, graceMs })
}
