import type { Failure, PlaceAnswer, ProviderClass } from '../failure.ts'
import { classOfCode } from './codes.ts'
import { readable } from './readable.ts'
import { type Headers, toldTime, type ToldTime } from './told-time.ts'

/** What a provider answered, as far as it is known. */
export interface BadAnswer {
  /** HTTP status; null when there was no answer, or a program does not tell. */
  readonly status: number | null
  /** The body, or whatever text tells of the error. */
  readonly text: string
  /** Names in small letters. */
  readonly headers?: Headers
}

/** Why a provider did not do what it was asked. */
export interface Refusal extends ToldTime {
  /** Null when it is not the provider's matter: the request itself was wrong. */
  readonly class: ProviderClass | null
  /** What to tell people. */
  readonly message: string
}

/**
 * Says what a provider's error means: by its own code where there is one, then by the status, then by its words.
 * A quota is told apart from a passing limit, since trying again in a loop costs accounts.
 */
export function refusalOf({ status, text, headers = {} }: BadAnswer, now: number): Refusal {
  const code = codeIn(text)
  const found = classOfCode(code)
  const kind = found === undefined ? (classOfStatus(status, text) ?? classOfText(text, status)) : found
  const said = status === null ? '' : `${status}`
  const which = [said, code === null ? '' : `code ${code}`].filter((part) => part !== '').join(', ')
  const message = `${meaning[kind ?? 'request']}${which === '' ? '' : ` (${which})`}: ${wordsIn(text)}`
  // those of another refusal tell of limits that are not what it is about
  const telling = kind === 'overloaded' || kind === 'network' ? withoutLimits(headers) : headers
  return { class: kind, message, ...toldTime(telling, text, now) }
}

const withoutLimits = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.includes('ratelimit')))

/** The failure of an attempt that ended with a refusal; a passing one or a quota never counts against the retries. */
export function failureOf({ class: kind, message, retryAfterMs, until }: Refusal, now: number): Failure {
  const when = until ?? (retryAfterMs === null ? null : now + retryAfterMs)
  return {
    kind: failureKindOf(kind),
    message,
    signature: `provider ${kind ?? message}`,
    ...(kind !== null && { class: kind }),
    ...(when !== null && { until: when }),
  }
}

/** What to give a place back with. */
export function placeAnswerOf({ class: kind, retryAfterMs, until }: Refusal): PlaceAnswer {
  if (kind === null) return { how: 'ok' }
  return {
    how: 'refused',
    class: kind,
    ...(retryAfterMs !== null && { retryAfterMs }),
    ...(until !== null && { until }),
  }
}

function failureKindOf(kind: ProviderClass | null): Failure['kind'] {
  if (kind === 'rate_limit' || kind === 'overloaded' || kind === 'quota') return 'quota'
  return kind === 'network' ? 'infrastructure' : 'agent'
}

const meaning: Readonly<Record<ProviderClass | 'request', string>> = {
  rate_limit: 'the provider asks to slow down',
  overloaded: 'the provider is overloaded',
  quota: 'the quota of the plan is used up',
  auth: 'the provider does not accept the key; set the right one, or ask for the right to this model',
  context: 'the conversation is too long for the model',
  network: 'the provider could not be reached, or broke off',
  request: 'the provider refused the request',
}

const statuses: ReadonlyMap<number, ProviderClass> = new Map([
  ...[401, 403].map((status) => [status, 'auth'] as const),
  [402, 'quota'],
  [413, 'context'],
  [429, 'rate_limit'],
  ...[503, 529].map((status) => [status, 'overloaded'] as const),
  ...[408, 500, 502, 504].map((status) => [status, 'network'] as const),
])

function classOfStatus(status: number | null, text: string): ProviderClass | undefined {
  if (status === 429 && isUsedUp.test(text)) return 'quota'
  return status === null ? undefined : statuses.get(status)
}

const isUsedUp =
  /quota exceeded|exceeded your current quota|usage limit|(?:daily|weekly|monthly|5[- ]hour)[\w ]* limit|per ?day|billing|insufficient balance/i

/** In this order: the first that fits. Programs that tell no status tell this much. */
const words: readonly (readonly [RegExp, ProviderClass])[] = [
  [
    /context[ _](?:length|window)|maximum context|prompt is too long|too many (?:input )?tokens|ran out of room|context exceeds|too large to compact/i,
    'context',
  ],
  [isUsedUp, 'quota'],
  [/\b429\b|rate.?limit|too many requests|resource.?exhausted|速率限制/i, 'rate_limit'],
  [/overloaded|high demand|service unavailable|访问量过大|\b5(?:03|29)\b/i, 'overloaded'],
  [
    /\b401\b|\b403\b|unauthorized|authentication|(?:invalid|incorrect) (?:x-)?(?:api[ -]?)?key|permission.?denied/i,
    'auth',
  ],
  [
    /ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|UND_ERR|fetch failed|socket hang up|cannot connect to api|socket connection was closed|disconnected|terminated|internal server error|bad gateway|gateway time-?out|\b50[024]\b/i,
    'network',
  ],
]

/** Where a status is told, numbers in the text are none, and whoever told it was there and did not break off. */
function classOfText(text: string, status: number | null): ProviderClass | null {
  const said = status === null ? text : text.replace(/\b\d{3}\b/g, '')
  const kind = words.find(([pattern]) => pattern.test(said))?.[1] ?? null
  return status !== null && kind === 'network' ? null : kind
}

/** The provider's own code: GLM's is a string of digits, others have words. */
function codeIn(text: string): string | null {
  const fields = [...text.matchAll(/"(code|type|status)"\s*:\s*"?([\w.-]+)"?/g)]
  const known = fields.map(([, , value = '']) => value).find((value) => classOfCode(value) !== undefined)
  return known ?? /\b(?:error )?code[:= ]+"?(1\d{3})\b/i.exec(text)?.[1] ?? null
}

const longest = 300

function wordsIn(text: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replaceAll('\\"', '"') ?? text
  const line = readable(message)
  return line === '' ? 'it said nothing more' : line.slice(0, longest)
}
