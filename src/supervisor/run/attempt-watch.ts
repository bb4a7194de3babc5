import type { AgentActorApi } from '../../actors/agent-api.ts'
import type { ActorHandle } from '../../actors/contract.ts'
import type { Outcome } from '../../agents/agent.ts'
import type { Failure } from '../../agents/failure.ts'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import { openPausableClock, type PausableClock } from './pausable-clock.ts'

/** What bounds an attempt. */
export interface AttemptBounds {
  readonly clock: Clock
  /** Wall-clock limit in milliseconds; null for none. */
  readonly timeoutMs: number | null
  /** How long it may give no sign of life, in milliseconds; null for ever. */
  readonly stallMs: number | null
  /** How much memory it may hold, in bytes; null for no limit. */
  readonly memoryBytes: number | null
  /** Aborts when the task has used all that it may; its reason says what. */
  readonly spent: AbortSignal
  /** How long a polite stop may take, in milliseconds. */
  readonly graceMs: number
  /** Aborts when the run wants the attempt to end politely; its reason says why. */
  readonly polite: AbortSignal
  /** Aborts when it must end now. */
  readonly force: AbortSignal
}

/** What the work itself came to, before its workspace is sealed. */
export type Work =
  | Exclude<Outcome, { readonly how: 'failed' }>
  | { readonly how: 'failed'; readonly failure: Failure; readonly details: object }

/** Watches one actor at work. */
export interface AttemptWatch {
  /** Why the actor was ended from here; null when it was not. The first cause is the one that counts. */
  readonly first: Work | null
  /** The time of its limits; stands still while the attempt does. */
  readonly clock: Pick<PausableClock, 'pause' | 'goOn'>
  /** The attempt has given a sign of life. */
  noteLife(): void
  end(): void
}

/** What the watch can find out about an attempt. */
export interface Senses {
  hasChanged(): Promise<boolean>
  /** Bytes that all its processes hold now. */
  memoryHeld(): number
  /** The time that it has waited for its provider, which is not its own. */
  waited(): Waited
}

/** How an attempt waits for its provider. */
export interface Waited {
  readonly isWaiting: boolean
  readonly waitedMs: number
}

/** How often memory is looked at, in milliseconds. */
const memoryEveryMs = 500

/** Ends the actor when time is up, when it holds too much memory, when nothing has been heard of it for too long, or when the run says so. */
export function watchAttempt(
  bounds: AttemptBounds,
  actor: ActorHandle<AgentActorApi>,
  { hasChanged, memoryHeld, waited }: Senses,
): AttemptWatch {
  const clock = openPausableClock(bounds.clock)
  const { timeoutMs, stallMs, memoryBytes, spent, graceMs, polite, force } = bounds
  const cancels: (() => void)[] = []
  let first: Work | null = null
  let isOver = false
  let lastSignMs = clock.monotonic()
  const endWith = (cause: Work, why: string, withinMs: number): void => {
    if (isOver) return
    first ??= cause
    void actor.stop(why, withinMs)
  }
  const onPolite = (): void => endWith(cancelled(polite.reason), messageOf(polite.reason), graceMs)
  const onForce = (): void => endWith(cancelled(force.reason), messageOf(force.reason), 0)
  const onSpent = (): void => endWith(overBudget(spent.reason), 'budget', graceMs)
  cancels.push(whenAborted(force, onForce), whenAborted(polite, onPolite), whenAborted(spent, onSpent))
  if (timeoutMs !== null) {
    const due = (): void => endWith(timedOut(timeoutMs), 'timeout', graceMs)
    cancels.push(whenTimeIsUp(clock, timeoutMs, () => waited().waitedMs, due))
  }
  if (stallMs !== null) listenFor(stallMs, stallMs)
  if (memoryBytes !== null) {
    // at once by force: what grows must not grow on while it is asked to stop
    const due = (held: number): void => endWith(outOfMemory(held, memoryBytes), 'memory', 0)
    cancels.push(whenItHoldsMore(clock, memoryBytes, memoryHeld, due))
  }
  return {
    clock,
    get first() {
      return first
    },
    noteLife() {
      lastSignMs = clock.monotonic()
    },
    end() {
      isOver = true
      for (const cancel of cancels) cancel()
    },
  }

  function listenFor(limitMs: number, delayMs: number): void {
    const cancel = clock.after(delayMs, () => void judgeSilence(limitMs))
    cancels.push(cancel)
  }

  /** Before an attempt counts as stalled, its files are looked at: some agents work in silence. */
  async function judgeSilence(limitMs: number): Promise<void> {
    const leftMs = lastSignMs + limitMs - clock.monotonic()
    if (leftMs > 0) return listenFor(limitMs, leftMs)
    if (waited().isWaiting) lastSignMs = clock.monotonic()
    else if (await hasChanged().catch(() => false)) lastSignMs = clock.monotonic()
    else endWith(stalled(limitMs), 'stall', graceMs)
    if (first === null) listenFor(limitMs, limitMs)
  }
}

/** Also where that was before. Returns what cancels it. */
function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
  return () => {
    signal.removeEventListener('abort', act)
  }
}

/** Time that passes without being the attempt's own is given to it again. Returns what cancels it. */
function whenTimeIsUp(clock: Clock, limitMs: number, notItsOwnMs: () => number, due: () => void): () => void {
  const beganMs = clock.monotonic()
  let cancel = clock.after(limitMs, look)
  return () => cancel()

  function look(): void {
    const leftMs = beganMs + limitMs + notItsOwnMs() - clock.monotonic()
    if (leftMs > 0) cancel = clock.after(leftMs, look)
    else due()
  }
}

/** Returns what cancels it. */
function whenItHoldsMore(
  clock: Clock,
  limit: number,
  memoryHeld: () => number,
  due: (held: number) => void,
): () => void {
  let cancel = clock.after(memoryEveryMs, look)
  return () => cancel()

  function look(): void {
    const held = memoryHeld()
    if (held > limit) due(held)
    else cancel = clock.after(memoryEveryMs, look)
  }
}

const cancelled = (reason: unknown): Work => ({ how: 'cancelled', reason: messageOf(reason) })

const failed = (failure: Failure): Work => ({ how: 'failed', failure, details: {} })

const timedOut = (timeoutMs: number): Work =>
  failed({ kind: 'timeout', message: `it had not ended after ${timeoutMs / 1_000} s`, signature: 'timeout' })

const stalled = (stallMs: number): Work =>
  failed({
    kind: 'stall',
    message: `it gave no sign of life for ${stallMs / 1_000} s: no output and no changed file`,
    signature: 'stall',
  })

const overBudget = (reason: unknown): Work =>
  failed({ kind: 'budget', message: messageOf(reason), signature: 'budget' })

const outOfMemory = (held: number, limit: number): Work =>
  failed({
    kind: 'memory',
    message: `it held ${megabytes(held)} of memory, more than the ${megabytes(limit)} that it may`,
    signature: 'memory',
  })

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`
