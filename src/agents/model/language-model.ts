import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { wrapLanguageModel } from 'ai'
import type { Settings } from './settings.ts'

/** A model as the library knows it. */
export type Model = Parameters<typeof wrapLanguageModel>[0]['model']

/** Used in the options of a call as well. */
export const providerName = 'house'

/** A model and what a call must say to it. */
export interface ModelCall extends Disposable {
  readonly model: Model
  /** Of the request; they are not sent. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The model behind an endpoint, for one call, all traffic of which goes through `fetch`. The library works out anew for each model how
 * answers are checked, which takes longer than a call: the calls of a process share one.
 */
export function callOfModel(settings: Settings, key: string | null, fetch: typeof globalThis.fetch): ModelCall {
  const model = sharedModel(settings, key)
  calls += 1
  const number = `${calls}`
  underWay.set(number, fetch)
  return { model, headers: { [callHeader]: number }, [Symbol.dispose]: () => void underWay.delete(number) }
}

/** More models than anybody asks in turns; whoever asks more has some made anew. */
const mostModels = 32
/** The one that was asked last comes last. */
const models = new Map<string, Model>()
/** How each call that is under way fetches, by its number. */
const underWay = new Map<string, typeof globalThis.fetch>()
let calls = 0

/** Tells whose call a request is. */
const callHeader = 'troupe-call'

function sharedModel(settings: Settings, key: string | null): Model {
  const name = JSON.stringify([settings.protocol, settings.endpoint, settings.model, key])
  const model = models.get(name) ?? modelOf(settings, key)
  models.delete(name)
  models.set(name, model)
  if (models.size > mostModels) models.delete(models.keys().next().value ?? '')
  return model
}

const fetchOfCall: typeof globalThis.fetch = async (url, init) => {
  const headers = new Headers(init?.headers)
  const fetch = underWay.get(headers.get(callHeader) ?? '')
  if (fetch === undefined) throw new RangeError('a request of no call that is under way')
  headers.delete(callHeader)
  return await fetch(url, { ...init, headers })
}

function modelOf({ endpoint, model, protocol }: Settings, key: string | null): Model {
  if (protocol === 'anthropic')
    // without a key the library would look for one in the environment
    return createAnthropic({ baseURL: endpoint, apiKey: key ?? 'none', fetch: fetchOfCall })(model)
  const given = key === null ? {} : { apiKey: key }
  return createOpenAICompatible({
    name: providerName,
    baseURL: endpoint,
    includeUsage: true,
    fetch: fetchOfCall,
    ...given,
  }).chatModel(model)
}
