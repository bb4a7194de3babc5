import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModel } from 'ai'
import type { Settings } from './settings.ts'

/** Used in the options of a call as well. */
export const providerName = 'house'

/** The model behind an endpoint; all traffic goes through `fetch`. */
export function languageModel(settings: Settings, key: string | null, fetch: typeof globalThis.fetch): LanguageModel {
  const { endpoint, model, protocol } = settings
  if (protocol === 'anthropic')
    // without a key the library would look for one in the environment
    return createAnthropic({ baseURL: endpoint, apiKey: key ?? 'none', fetch })(model)
  const given = key === null ? {} : { apiKey: key }
  return createOpenAICompatible({
    name: providerName,
    baseURL: endpoint,
    includeUsage: true,
    fetch,
    ...given,
  }).chatModel(model)
}
