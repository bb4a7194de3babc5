/** When a provider says that trying again may help; null where it says nothing that can be gone by. */
export interface ToldTime {
  /** How long to wait from now, in milliseconds. */
  readonly retryAfterMs: number | null
  /** A date, in milliseconds since the epoch. */
  readonly until: number | null
}

export type Headers = Readonly<Record<string, string | undefined>>

/** A century: beyond it is no limit of anybody's, and soon no date at all. */
const longestMs = 100 * 365 * 86_400_000

/** What headers and text tell of when to try again; the header goes before the text. Names of headers are in small letters. */
export function toldTime(headers: Headers, text: string, now: number): ToldTime {
  const waitOf = (date: number | null): number | null => possible(date === null ? null : date - now)
  const leftMs = waitOf(dateInHeaders(headers)) ?? waitOf(dateInText(text))
  return {
    retryAfterMs: possible(fromHeaders(headers, now)) ?? possible(fromText(text)),
    until: leftMs === null ? null : now + leftMs,
  }
}

/** Null also for what is not ahead: whoever goes by that asks again at once, for ever. */
const possible = (waitMs: number | null): number | null =>
  waitMs !== null && waitMs > 0 && waitMs <= longestMs ? waitMs : null

function fromHeaders(headers: Headers, now: number): number | null {
  const ms = number(headers['retry-after-ms'])
  if (ms !== null) return ms
  const written = headers['retry-after']
  const seconds = number(written)
  if (seconds !== null) return seconds * 1_000
  // a bare number is no date, though some of them parse as years
  const date = written === undefined || !/[a-z]/i.test(written) ? Number.NaN : Date.parse(written)
  return Number.isNaN(date) ? null : date - now
}

/** `try again in 1m30.5s`, `in 3 days 4 hours`, `"retryDelay": "37s"`, `resets_in_seconds: 60`. */
function fromText(text: string): number | null {
  const seconds = number(/resets_in_seconds"?\s*[:=]\s*"?(\d+)/.exec(text)?.[1])
  if (seconds !== null) return seconds * 1_000
  const span = /(?:(?:try again|retry|reset\w*) (?:in|after) |retryDelay"?\s*:\s*")((?:about )?[\d.]+ ?[a-z][\w ,.]*)/i
  const found = span.exec(text)?.[1]
  return found === undefined ? null : lengthOf(found)
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const lengths = /([\d.]+) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d)(?![a-z])/gi

function lengthOf(text: string): number | null {
  const parts = [...text.matchAll(lengths)]
  const each = parts.map(([, amount, unit = '']) => Number(amount) * (unitMs[shortUnit(unit)] ?? Number.NaN))
  const total = each.reduce((sum, one) => sum + one, 0)
  return each.length === 0 || Number.isNaN(total) ? null : Math.ceil(total)
}

const shortUnit = (unit: string): string => (/^mil|^ms/i.test(unit) ? 'ms' : unit.charAt(0).toLowerCase())

/** Anthropic tells when a plan begins anew, in seconds since the epoch, also where a limit passes sooner. */
function dateInHeaders(headers: Headers): number | null {
  if (headers['retry-after'] !== undefined) return null
  const seconds = number(headers['anthropic-ratelimit-unified-reset'])
  return seconds === null ? null : seconds * 1_000
}

/** `will reset at 2026-09-09 05:38:28`, which is Beijing time where no zone is told, and `resets_at: 1788903508`. */
function dateInText(text: string): number | null {
  const seconds = number(/resets_at"?\s*[:=]\s*"?(\d{9,11})\b/.exec(text)?.[1])
  if (seconds !== null) return seconds * 1_000
  const [, day, time, zone = '+08:00'] = datePattern.exec(text) ?? []
  const date = Date.parse(`${day}T${time}${/^[-+]/.test(zone) ? zone : 'Z'}`)
  return Number.isNaN(date) ? null : date
}

/** A date that is no end of a wait, such as that of the answer itself, says nothing. */
const datePattern =
  /(?:reset|again|retry|until|after|available|将[在于])(?:\w*"\s*:\s*"|[^\n",]{0,40}?)\b(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:[.]\d+)? ?(Z|UTC|GMT|[-+]\d{2}:?\d{2})?/i

function number(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : null
}
