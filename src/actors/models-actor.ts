import type { Place } from '../agents/agent.ts'
import { type Asker, askOnce } from '../agents/model/ask.ts'
import type { ModelQuestion } from '../agents/model/question.ts'
import { systemClock } from '../clock.ts'
import type { ActorFactory } from './contract.ts'
import type { ModelsApi, ModelsEvent } from './models-api.ts'

/**
 * Asks models for agents in threads and processes: what talks to models takes longer to load than such an agent to start, and as much
 * memory; and what has been used for one answer is quick for the next. It keeps nothing between questions.
 */
export const modelsActor: ActorFactory = ({ signal, emit }): ModelsApi => {
  const underWay = new Map<number, AbortController>()
  const tell = (event: ModelsEvent): void => {
    try {
      emit(event)
    } catch {
      // a supervisor that is behind has the answer to go by
    }
  }
  return {
    async ask(id, question) {
      const givenUp = new AbortController()
      underWay.set(id, givenUp)
      const asker = askerOf(id, AbortSignal.any([signal, givenUp.signal]), tell)
      try {
        return await askOnce(question, { asker, clock: systemClock, key: keyOf(question) })
      } finally {
        underWay.delete(id)
      }
    },
    giveUp(id) {
      underWay.get(id)?.abort(new Error('nobody waits for the answer any more'))
    },
  }
}

function askerOf(id: number, signal: AbortSignal, tell: (event: ModelsEvent) => void): Asker {
  const place: Place = {
    accepted() {
      tell({ type: 'accepted', id })
    },
    refused() {},
    release() {},
  }
  return {
    signal,
    place: () => Promise.resolve(place),
    progress(line) {
      tell({ type: 'sign', id, line })
    },
  }
}

const keyOf = ({ settings: { keyFrom } }: ModelQuestion): string | null =>
  keyFrom === null ? null : (process.env[keyFrom] ?? '')
