import type { AgentEvent, HeldAnswer } from '../../actors/agent-api.ts'
import type { PlaceAnswer, RefusedAnswer } from '../../agents/failure.ts'
import type { Clock } from '../../clock.ts'
import type { Task } from '../../plan/task.ts'
import type { Account } from './budgets.ts'

/** A place at a provider that somebody has. */
export interface TakenPlace {
  /** A call was let in. */
  accepted(): void
  /** A call was refused, and the place is kept. */
  refused(answer: RefusedAnswer): void
  giveBack(answer: PlaceAnswer): void
}

/** Gives one agent after the other the right to ask its provider. */
export interface Places {
  /** Whether the task's agent has a provider at all; without one every place is there at once and is kept from nobody. */
  limits(task: Task): boolean
  /**
   * Resolves when the place is there, or when it will not be there for long. Rejects only when `signal` aborts.
   * @param isFirst whether the attempt has done nothing yet, so that little is lost when it is parked
   */
  take(task: Task, isFirst: boolean, signal: AbortSignal): Promise<TakenPlace | HeldAnswer>
  /** What a task has used counts for what its provider allows in a minute. */
  spend(task: Task, tokens: number): void
}

/** The places of one attempt, each by the question that it was asked for with. */
export interface TakenPlaces {
  /** Whether the attempt waits for a place now. */
  readonly isWaiting: boolean
  /** Whether it has a place at a provider, or waits for one. */
  readonly holdsPlace: boolean
  /** How long it has waited for places in all, in milliseconds. */
  readonly waitedMs: number
  /** Aborts when the attempt has ended. */
  signal(): AbortSignal
  /** Resolves when the place is there, or when it will not be there for long; with null when the attempt is being ended. */
  take(id: number): Promise<TakenPlace | HeldAnswer | null>
  giveBack(id: number, answer: PlaceAnswer): void
  /** Told of each event of the agent. */
  hear(event: AgentEvent): void
  /** The attempt has ended: what it held is free. */
  end(): void
}

interface TakenPlacesParts {
  readonly clock: Clock
  readonly task: Task
  readonly places: Places
  readonly account: Account
}

/** None is taken yet. */
export function openTakenPlaces({ clock, task, places, account }: TakenPlacesParts): TakenPlaces {
  const taken = new Map<number, TakenPlace>()
  const over = overLater()
  const wait = stopwatch(clock)
  let isFirst = true

  function giveBack(id: number, answer: PlaceAnswer): void {
    taken.get(id)?.giveBack(answer)
    taken.delete(id)
  }

  return {
    get isWaiting() {
      return wait.isOn
    },
    get holdsPlace() {
      return places.limits(task) && (taken.size > 0 || wait.isOn)
    },
    get waitedMs() {
      return wait.totalMs
    },
    signal: () => over.signal(),
    async take(id) {
      if (account.spent.aborted) return null
      wait.begin()
      const place = await places.take(task, isFirst, over.signal()).catch(() => null)
      wait.end()
      if (place === null || !('giveBack' in place)) return place
      isFirst = false
      taken.set(id, place)
      if (!over.signal().aborted) return place
      giveBack(id, { how: 'ok' })
      return null
    },
    giveBack,
    hear(event) {
      // what is told of a place that is not taken any more is too late
      if (event.type === 'accepted') taken.get(event.id)?.accepted()
      if (event.type === 'refused') taken.get(event.id)?.refused(event.answer)
      if (event.type === 'released') giveBack(event.id, event.answer)
    },
    end() {
      over.come()
      for (const place of taken.values()) place.giveBack({ how: 'ok' })
      taken.clear()
    },
  }
}

/** A signal that is only made where somebody waits: most agents ask for no place. */
function overLater() {
  let controller: AbortController | null = null
  let isOver = false
  const abort = (): void => controller?.abort('the attempt has ended') // without a reason an error is made, with its stack
  return {
    signal() {
      controller ??= new AbortController()
      if (isOver && !controller.signal.aborted) abort()
      return controller.signal
    },
    come() {
      isOver = true
      abort()
    },
  }
}

/** Time during which at least one wait is on. */
function stopwatch(clock: Clock) {
  let waits = 0
  let beforeMs = 0
  let sinceMs = 0
  return {
    get isOn() {
      return waits > 0
    },
    get totalMs() {
      return beforeMs + (waits > 0 ? clock.monotonic() - sinceMs : 0)
    },
    begin() {
      if (waits === 0) sinceMs = clock.monotonic()
      waits += 1
    },
    end() {
      waits -= 1
      if (waits === 0) beforeMs += clock.monotonic() - sinceMs
    },
  }
}
