import type { AgentActorApi, AgentAnswer, AgentEvent, AgentQuestion, ModelAnswer } from '../../actors/agent-api.ts'
import type { ActorHandle } from '../../actors/contract.ts'
import { toThrown } from '../../actors/thrown.ts'
import type { PlaceAnswer } from '../../agents/failure.ts'
import type { ModelQuestion } from '../../agents/model/question.ts'
import { placeAnswerOf } from '../../agents/provider/refusal.ts'
import { type Usage, usageWith } from '../../agents/usage.ts'
import type { Clock } from '../../clock.ts'
import type { Task } from '../../plan/task.ts'
import type { Account } from './budgets.ts'
import type { HeldFiles } from './held-files.ts'
import type { Asking, Models } from './models.ts'
import { openTakenPlaces, type Places, type TakenPlace } from './taken-places.ts'

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
  readonly models: Pick<Models, 'ask'>
  readonly held: HeldFiles
  readonly account: Account
}

/** Answers the questions of one attempt's agent. */
export function converse({ clock, task, places, models, held, account }: ConversationParts): Conversation {
  const taken = openTakenPlaces({ clock, task, places, account })
  let actor: ActorHandle<AgentActorApi> | null = null
  let used: Usage | null = null
  const reply = (id: number, answer: AgentAnswer): void => actor?.cast('answer', id, answer)

  /** With a place; a question for which none is there is answered otherwise, or by nobody any more. */
  async function answerWith(id: number, answer: (place: TakenPlace) => Promise<AgentAnswer>): Promise<void> {
    const place = await taken.take(id)
    const said = place !== null && 'giveBack' in place ? await answer(place) : place
    if (said !== null && !taken.signal().aborted) reply(id, said)
  }

  async function askModel(id: number, question: ModelQuestion, place: TakenPlace): Promise<ModelAnswer> {
    const answer = await modelAnswer(models, question, {
      signal: taken.signal(),
      accepted: () => {
        place.accepted()
      },
      sign: (line) => actor?.cast('sign', id, line),
    })
    taken.giveBack(id, placeAnswer(answer))
    return answer
  }

  function answer(id: number, question: AgentQuestion): void {
    if (question.ask === 'may-write') reply(id, held.ask(task, question.paths))
    if (question.ask === 'place') void answerWith(id, () => Promise.resolve('granted'))
    if (question.ask === 'model') void answerWith(id, (place) => askModel(id, question.question, place))
  }

  return {
    get used() {
      return used
    },
    get isWaiting() {
      return taken.isWaiting
    },
    get holdsPlace() {
      return taken.holdsPlace
    },
    get waitedMs() {
      return taken.waitedMs
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
      taken.hear(event)
    },
    end() {
      taken.end()
      held.release(task.id)
    },
  }
}

async function modelAnswer(models: Pick<Models, 'ask'>, question: ModelQuestion, asking: Asking): Promise<ModelAnswer> {
  try {
    return { asked: await models.ask(question, asking) }
  } catch (error) {
    return { thrown: toThrown(error) }
  }
}

const placeAnswer = (answer: ModelAnswer): PlaceAnswer =>
  'asked' in answer && answer.asked.how === 'refused' ? placeAnswerOf(answer.asked.refusal) : { how: 'ok' }

const tokensOf = ({ inputTokens, outputTokens }: Usage): number => (inputTokens ?? 0) + (outputTokens ?? 0)
