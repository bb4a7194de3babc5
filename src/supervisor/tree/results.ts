import type { Exit } from '../../actors/contract.ts'
import type { Child, ChildSpec } from './child-spec.ts'

/** A child's start function rejected. */
export interface StartFailed {
  readonly ok: false
  readonly reason: 'start-failed'
  /** The child whose start failed. */
  readonly id: string
  readonly message: string
  /** What was thrown. */
  readonly cause: unknown
}

/** A call was refused; `noproc`: the supervisor is not running (any more). */
export interface Refused<Reason extends string> {
  readonly ok: false
  readonly reason: Reason
}

/** The flags or a child spec are wrong; `message` says how. */
export interface BadSpec extends Refused<'bad-spec'> {
  readonly message: string
}

/** A call did what was asked. */
export interface Done {
  readonly ok: true
}

/** Answer of `start`: all children run, or none does and the supervisor has ended. */
export type StartResult = Done | StartFailed | BadSpec | Refused<'noproc' | 'already-started'>

/** Answer of `startChild`. */
export type StartChildResult =
  | { readonly ok: true; readonly child: Child }
  | StartFailed
  | BadSpec
  | (Refused<'already-started'> & { readonly child: Child })
  | Refused<'already-present' | 'max-children' | 'noproc'>

/** Answer of `restartChild`. */
export type RestartChildResult =
  | { readonly ok: true; readonly child: Child }
  | StartFailed
  | Refused<'running' | 'restarting' | 'not-found' | 'noproc'>

/** Answer of `terminateChild`. */
export type TerminateChildResult = Done | Refused<'not-found' | 'noproc'>

/** Answer of `deleteChild`. */
export type DeleteChildResult = Done | Refused<'running' | 'restarting' | 'not-found' | 'noproc'>

/** One line of `whichChildren`; `exited`: it has ended and its supervisor is still busy with something before that. */
export interface ChildInfo {
  readonly id: string
  readonly status: 'stopped' | 'starting' | 'running' | 'exited' | 'stopping' | 'restarting'
  readonly kind: 'worker' | 'supervisor'
  /** Present while it lives. */
  readonly child: Child | null
}

/** Answer of `countChildren`: specs, those that run, and specs by kind. */
export interface ChildCounts {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** What a monitor is told, once: how the child ended, or that there was none. */
export interface Down {
  readonly id: ChildSpec['id']
  readonly exit: Exit | { readonly how: 'noproc' }
}

/** What a supervisor reports, for logs and journals. */
export type SupervisorEvent =
  | { readonly type: 'child-started'; readonly id: string; readonly incarnation: number }
  | {
      readonly type: 'child-start-failed'
      readonly id: string
      readonly incarnation: number
      readonly message: string
    }
  | { readonly type: 'child-exited'; readonly id: string; readonly incarnation: number; readonly exit: Exit }
  /** A restart was counted; `restarts` of them lie within the window. */
  | { readonly type: 'child-restarting'; readonly id: string; readonly restarts: number }
  | { readonly type: 'child-waiting'; readonly id: string; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'escalated'; readonly id: string; readonly restarts: number; readonly withinMs: number }
  | { readonly type: 'shut-down-automatically'; readonly id: string }
  | { readonly type: 'supervisor-exited'; readonly exit: Exit }
  /** Something came too late or was unknown; nothing was done. */
  | { readonly type: 'ignored'; readonly what: string; readonly id: string | null }
  /** A callback threw; the tree goes on. */
  | { readonly type: 'callback-failed'; readonly message: string }
