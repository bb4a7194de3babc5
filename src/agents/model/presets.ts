/** US dollars for a million tokens. */
export interface Prices {
  readonly input: number
  /** Of input that the provider still knows from a call before. */
  readonly cachedInput: number
  readonly output: number
}

/** How a model is spoken to. */
export type Protocol = 'openai' | 'anthropic'

/** What is known of a model by name. */
export interface Preset {
  readonly protocol: Protocol
  readonly endpoint: string
  readonly model: string
  /** The variable that usually holds the key. */
  readonly keyFrom: string
  /** Null where calls are not paid for one by one. */
  readonly prices: Prices | null
  /** The provider whose limits the calls share. */
  readonly provider: string
}

const glm = { protocol: 'openai', model: 'glm-4.7', keyFrom: 'ZAI_API_KEY', provider: 'glm-4.7' } as const

/** Models that need no more than their name. */
export const presets = {
  'glm-4.7': {
    ...glm,
    endpoint: 'https://api.z.ai/api/paas/v4',
    prices: { input: 0.6, cachedInput: 0.11, output: 2.2 },
  },
  // a key of the Coding Plan is refused by the general endpoint
  'glm-4.7-coding': { ...glm, endpoint: 'https://api.z.ai/api/coding/paas/v4', prices: null },
} as const satisfies Record<string, Preset>

/** A name that needs no more. */
export type PresetName = keyof typeof presets

export const presetNames = ['glm-4.7', 'glm-4.7-coding'] as const satisfies readonly PresetName[]
