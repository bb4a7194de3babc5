import type { ModelOptions } from './options.ts'
import { type Preset, type Prices, presets, type Protocol } from './presets.ts'

/** Which model is asked where, all choices made. */
export interface Settings {
  readonly protocol: Protocol
  readonly endpoint: string
  readonly model: string
  /** Null where the endpoint takes no key. */
  readonly keyFrom: string | null
  /** Null where they are not known. */
  readonly prices: Prices | null
  /** What else goes into the body of each call. */
  readonly body: Readonly<Record<string, { readonly type: string }>>
}

/** The preset with what is given instead; null where that does not say which model is asked where. */
export function settingsOf(options: ModelOptions): Settings | null {
  const preset = presetOf(options)
  const { endpoint, model, protocol } = { ...preset, ...options }
  if (endpoint === undefined || model === undefined) return null
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    model,
    protocol: protocol ?? 'openai',
    keyFrom: keyVariable(options, preset),
    prices: options.prices ?? (preset?.model === model && preset.endpoint === endpoint ? preset.prices : null),
    body: bodyOf(options),
  }
}

const bodyOf = ({ thinking }: ModelOptions): Settings['body'] =>
  thinking === undefined ? {} : { thinking: { type: thinking ? 'enabled' : 'disabled' } }

/** What the options lack, or have too much; each as a message. */
export function settingsMistakes(options: ModelOptions): readonly string[] {
  const settings = settingsOf(options)
  if (settings === null)
    return ['it is not said which model is asked: give its agent a preset, or an endpoint and a model']
  const mistakes = endpointMistakes(settings)
  if (options.maxCostUsd !== undefined && settings.prices === null)
    mistakes.push('maxCostUsd cannot be held where prices are not known: give prices, or set maxTokens instead')
  if (options.thinking !== undefined && settings.protocol !== 'openai')
    mistakes.push('thinking is known for the protocol openai only')
  return mistakes
}

/** The provider whose limits the calls share, where it is known and the key is the usual one. */
export function usualProvider(options: ModelOptions): string | null {
  const preset = presetOf(options)
  return preset !== null && keyVariable(options, preset) === preset.keyFrom ? preset.provider : null
}

const presetOf = ({ preset }: ModelOptions): Preset | null => (preset === undefined ? null : presets[preset])

/** A key is not sent to another host than its own by itself. */
function keyVariable({ keyFrom, endpoint }: ModelOptions, preset: Preset | null): string | null {
  if (keyFrom !== undefined) return keyFrom
  if (preset === null) return null
  return endpoint === undefined || originOf(endpoint) === originOf(preset.endpoint) ? preset.keyFrom : null
}

const originOf = (endpoint: string): string | null => (URL.canParse(endpoint) ? new URL(endpoint).origin : null)

function endpointMistakes({ endpoint, keyFrom }: Settings): string[] {
  if (!URL.canParse(endpoint)) return [`${endpoint} is not an address; write it as https://example.com/v1`]
  const { protocol, hostname, username, password } = new URL(endpoint)
  if (username !== '' || password !== '') return ['an endpoint may hold no key: name its variable with keyFrom']
  if (protocol === 'https:') return []
  if (protocol !== 'http:') return [`${protocol}// is not spoken here; an endpoint begins with https://`]
  const isNear = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return isNear || keyFrom === null ? [] : ['the key would travel in clear text: use https']
}
