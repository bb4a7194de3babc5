import type { AgentActorApi, AgentAnswer, AgentEvent, AgentQuestion, HeldAnswer } from '../../actors/agent-api.ts'
import type { ActorHandle } from '../../actors/contract.ts'
import type { PlaceAnswer, RefusedAnswer } from '../../agents/agent.ts'
import { type Usage, usageWith } from '../../agents/usage.ts'
import type { Clock } from '../../clock.ts'
import type { Task } from '../../plan/task.ts'
import type { Account } from './budgets.ts'
import type { HeldFiles } from './held-files.ts'

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

/** What one attempt's agent asks and tells besides its outcome. */
export interface Conversation {
  /** What the agent has told so far of what it used; null when that is nothing. */
  readonly used: Usage | null
  /** Whether the agent waits for a place now: it cannot give a sign of life meanwhile. */
  readonly isWaiting: boolean
  /** Whether it has a place at a provider, or waits for one. */
  readonly holdsPlace: boolean
  /** How long it has waited for places in all, in milliseconds: no time of its own. */
  readonly waitedMs: number
  /** Told of each event of the agent. */
  hear(event: AgentEvent): void
  /** The actor that will ask: it does so only after it was started. */
  with(starting: Promise<ActorHandle<AgentActorApi>>): Promise<ActorHandle<AgentActorApi>>
  /** The attempt has ended: what it held is free. */
  end(): void
}

interface ConversationParts {
  readonly clock: Clock
  readonly task: Task
  readonly places: Places
  readonly held: HeldFiles
  readonly account: Account
}

/** Answers the questions of one attempt's agent. */
export function converse({ clock, task, places, held, account }: ConversationParts): Conversation {
  const taken = new Map<number, TakenPlace>()
  const over = overLater()
  const wait = stopwatch(clock)
  let actor: ActorHandle<AgentActorApi> | null = null
  let [used, isFirst]: [Usage | null, boolean] = [null, true]
  const reply = (id: number, answer: AgentAnswer): void => actor?.cast('answer', id, answer)

  function answer(id: number, question: AgentQuestion): void {
    if (question.ask === 'may-write') reply(id, held.ask(task, question.paths))
    else void grant(id)
  }

  async function grant(id: number): Promise<void> {
    if (account.spent.aborted) return // it is being ended
    wait.begin()
    const place = await places.take(task, isFirst, over.signal()).catch(() => null)
    wait.end()
    if (place === null) return
    if (!('giveBack' in place)) return reply(id, place)
    isFirst = false
    if (over.signal().aborted) return place.giveBack({ how: 'ok' })
    taken.set(id, place)
    reply(id, 'granted')
  }

  return {
    get used() {
      return used
    },
    get isWaiting() {
      return wait.isOn
    },
    get holdsPlace() {
      return places.limits(task) && (taken.size > 0 || wait.isOn)
    },
    get waitedMs() {
      return wait.totalMs
    },
    async with(starting) {
      actor = await starting
      return actor
    },
    hear(event) {
      if (event.type === 'usage') {
        used = usageWith(used, event.usage)
        account.use(event.usage)
        places.spend(task, tokensOf(event.usage))
      }
      if (event.type === 'question') answer(event.id, event.question)
      hearOfPlace(taken, event)
    },
    end() {
      over.come()
      for (const place of taken.values()) place.giveBack({ how: 'ok' })
      taken.clear()
      held.release(task.id)
    },
  }
}

/** What is told of a place that is not taken any more is too late. */
function hearOfPlace(taken: Map<number, TakenPlace>, event: AgentEvent): void {
  if (event.type === 'accepted') taken.get(event.id)?.accepted()
  if (event.type === 'refused') taken.get(event.id)?.refused(event.answer)
  if (event.type !== 'released') return
  taken.get(event.id)?.giveBack(event.answer)
  taken.delete(event.id)
}

const tokensOf = ({ inputTokens, outputTokens }: Usage): number => (inputTokens ?? 0) + (outputTokens ?? 0)

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
