import type { ProviderClass } from '../failure.ts'

/** GLM's codes are numbers in strings; null stands for a request that was wrong by itself. */
const glm: readonly (readonly [codes: string, ProviderClass | null])[] = [
  ['1302 1303', 'rate_limit'],
  ['1305', 'overloaded'],
  // used up until a date that it tells
  ['1304 1308 1310 1316 1317 1318 1319 1320 1321', 'quota'],
  // expired, in arrears, blocked for unfair use: until a person does something
  ['1309 1113 1313', 'quota'],
  ['1000 1001 1002 1003 1004', 'auth'],
  ['1210 1211 1212 1213 1214 1215 1301', null],
]

const others: readonly (readonly [codes: string, ProviderClass | null])[] = [
  ['insufficient_quota usage_limit_reached usage_not_included billing_error', 'quota'],
  ['rate_limit_exceeded rate_limit_error rate_limit', 'rate_limit'],
  ['overloaded_error server_is_overloaded slow_down UNAVAILABLE', 'overloaded'],
  ['invalid_api_key authentication_error permission_error UNAUTHENTICATED PERMISSION_DENIED', 'auth'],
  ['context_length_exceeded', 'context'],
]

const classes: ReadonlyMap<string, ProviderClass | null> = new Map(
  [...glm, ...others].flatMap(([codes, kind]) => codes.split(' ').map((code) => [code, kind] as const)),
)

/** What a provider's own code means; undefined for one that is not known. */
export const classOfCode = (code: string | null): ProviderClass | null | undefined =>
  code === null ? undefined : classes.get(code)
