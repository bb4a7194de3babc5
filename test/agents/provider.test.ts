import t from 'tap'
import { type BadAnswer, failureOf, placeAnswerOf, refusalOf } from '../../src/agents/provider/refusal.ts'

const now = Date.UTC(2026, 8, 8, 20)
const reset = Date.UTC(2026, 8, 8, 21, 38, 28) // 05:38:28 of the next day in Beijing

const glm = (code: string, message = 'no'): string => JSON.stringify({ error: { code, message } })
const openai = (error: object): string => JSON.stringify({ error })
const anthropic = (type: string): string => JSON.stringify({ type: 'error', error: { type, message: 'no' } })

type Row = readonly [what: string, answer: BadAnswer, kind: string | null, after?: number | null, until?: number | null]

const rows: readonly Row[] = [
  ['GLM: concurrency', { status: 429, text: glm('1302') }, 'rate_limit'],
  ['GLM: too often', { status: 429, text: glm('1303') }, 'rate_limit'],
  ['GLM: overloaded', { status: 429, text: glm('1305') }, 'overloaded'],
  ...['1304', '1308', '1310', '1316', '1317', '1318', '1319', '1320', '1321'].map((code): Row => [
    `GLM: ${code}, used up until a date in Beijing`,
    { status: 429, text: glm(code, 'Your limit will reset at 2026-09-09 05:38:28') },
    'quota',
    null,
    reset,
  ]),
  [
    'GLM: used up, through a proxy that counts in ms',
    { status: 429, text: glm('1310'), headers: { 'retry-after-ms': '504641000' } },
    'quota',
    504_641_000,
  ],
  ['GLM: plan expired', { status: 429, text: glm('1309') }, 'quota'],
  ['GLM: in arrears', { status: 429, text: glm('1113') }, 'quota'],
  ['GLM: blocked for unfair use', { status: 429, text: glm('1313') }, 'quota'],
  ...['1000', '1001', '1002', '1003', '1004'].map((code): Row => [
    `GLM: ${code}, the key`,
    { status: 401, text: glm(code) },
    'auth',
  ]),
  ...['1210', '1211', '1212', '1213', '1214', '1215', '1301'].map((code): Row => [
    `GLM: ${code}, the request itself`,
    { status: 400, text: glm(code) },
    null,
  ]),
  [
    'GLM: its code in words',
    { status: null, text: 'API error code: 1308, reset at 2026-09-09 05:38:28' },
    'quota',
    null,
    reset,
  ],
  [
    'OpenAI: passing',
    { status: 429, text: openai({ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' }) },
    'rate_limit',
    1_500,
  ],
  [
    'OpenAI: minutes and seconds',
    { status: 429, text: 'Rate limit reached. Please try again in 6m0s.' },
    'rate_limit',
    360_000,
  ],
  ['OpenAI: milliseconds', { status: 429, text: 'Please try again in 20ms' }, 'rate_limit', 20],
  [
    'OpenAI: used up',
    { status: 429, text: openai({ type: 'insufficient_quota', code: 'insufficient_quota' }) },
    'quota',
  ],
  [
    'OpenAI: the words of a used-up quota',
    { status: 429, text: 'You exceeded your current quota, please check your plan' },
    'quota',
  ],
  [
    'Codex: used up',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_at: reset / 1_000 }) },
    'quota',
    null,
    reset,
  ],
  [
    'Codex: used up, in seconds',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_in_seconds: 60 }) },
    'quota',
    60_000,
  ],
  [
    'Codex: used up, in words',
    { status: null, text: "You've hit your usage limit. Try again in 3 days 4 hours 5 minutes." },
    'quota',
    273_900_000,
  ],
  [
    'Codex: 429 in words',
    { status: null, text: 'exceeded retry limit, last status: 429 Too Many Requests' },
    'rate_limit',
  ],
  ['Codex: 500 in words', { status: null, text: 'We’re currently experiencing high demand' }, 'overloaded'],
  ['Codex: the key in words', { status: null, text: 'unexpected status 401 Unauthorized: wrong key' }, 'auth'],
  ['Codex: too long', { status: null, text: "Codex ran out of room in the model's context window" }, 'context'],
  ['Codex: broken off', { status: null, text: 'stream disconnected before completion: error' }, 'network'],
  [
    'Anthropic: passing',
    { status: 429, text: anthropic('rate_limit_error'), headers: { 'retry-after': '7' } },
    'rate_limit',
    7_000,
  ],
  ['Anthropic: overloaded', { status: 529, text: anthropic('overloaded_error') }, 'overloaded'],
  ['Anthropic: overloaded in a stream', { status: null, text: anthropic('overloaded_error') }, 'overloaded'],
  [
    'Anthropic: the plan',
    { status: 429, text: 'usage limit', headers: { 'anthropic-ratelimit-unified-reset': `${reset / 1_000}` } },
    'quota',
    null,
    reset,
  ],
  ['Anthropic: too long', { status: 400, text: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'context'],
  ['OpenAI: too long', { status: 400, text: openai({ code: 'context_length_exceeded' }) }, 'context'],
  [
    'Gemini: passing',
    { status: 429, text: '{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"37s"}]}' },
    'rate_limit',
    37_000,
  ],
  ['Gemini: used up', { status: 429, text: '{"quotaId":"GenerateRequestsPerDayPerProject"}' }, 'quota'],
  [
    'a date in Retry-After',
    { status: 429, text: '', headers: { 'retry-after': new Date(now + 90_000).toUTCString() } },
    'rate_limit',
    90_000,
  ],
  [
    'a date that has passed',
    { status: 429, text: '', headers: { 'retry-after': new Date(now - 90_000).toUTCString() } },
    'rate_limit',
    0,
  ],
  ['a senseless Retry-After', { status: 429, text: '', headers: { 'retry-after': 'soon' } }, 'rate_limit', null],
  ['a negative Retry-After', { status: 429, text: '', headers: { 'retry-after': '-5' } }, 'rate_limit', null],
  ['paid for nothing', { status: 402, text: '' }, 'quota'],
  ['forbidden', { status: 403, text: '' }, 'auth'],
  ['too large', { status: 413, text: '' }, 'context'],
  ['no room', { status: 503, text: '' }, 'overloaded'],
  ...[408, 500, 502, 504].map((status): Row => [`status ${status}`, { status, text: '' }, 'network']),
  [
    'opencode: a stream that broke off',
    { status: null, text: 'Cannot connect to API: The socket connection was closed unexpectedly.' },
    'network',
  ],
  ['GLM: 1302 in words', { status: null, text: '您的账户已达到速率限制，请您控制请求频率' }, 'rate_limit'],
  ['GLM: 1305 in words', { status: null, text: '该模型当前访问量过大，请您稍后再试' }, 'overloaded'],
  ['OpenAI: the key in words', { status: null, text: 'Incorrect API key provided: sk-1' }, 'auth'],
  ['Anthropic: the key in words', { status: null, text: 'invalid x-api-key' }, 'auth'],
  [
    'opencode: too long',
    { status: null, text: 'Session too large to compact - context exceeds model limit even after stripping media' },
    'context',
  ],
  ['500 in words', { status: null, text: 'Internal error: Internal Server Error' }, 'network'],
  ['no connection', { status: null, text: 'fetch failed: connect ECONNREFUSED 127.0.0.1:1' }, 'network'],
  ['a wrong request', { status: 400, text: openai({ code: 'bad', message: 'no such field' }) }, null],
  ['nothing that is known', { status: null, text: 'exit 1' }, null],
]

void t.test('what a provider answers is classed by its own code, its status, its words', async (t) => {
  for (const [what, answer, kind, after = null, until = null] of rows) {
    const { class: found, retryAfterMs, until: date } = refusalOf(answer, now)
    t.same({ found, retryAfterMs, date }, { found: kind, retryAfterMs: after, date: until }, what)
  }
})

void t.test('only what is no fault of the task is kept from counting, and it says until when', async (t) => {
  const used = refusalOf({ status: 429, text: glm('1308', 'Your limit will reset at 2026-09-09 05:38:28') }, now)
  t.same(failureOf(used, now), {
    kind: 'quota',
    class: 'quota',
    until: reset,
    message: 'the quota of the plan is used up (429, code 1308): Your limit will reset at 2026-09-09 05:38:28',
    signature: 'provider quota',
  })
  t.same(placeAnswerOf(used), { how: 'refused', class: 'quota', until: reset })
  const slow = refusalOf({ status: 429, text: '', headers: { 'retry-after': '2' } }, now)
  t.match(failureOf(slow, now), {
    kind: 'quota',
    class: 'rate_limit',
    until: now + 2_000,
    message: /it said nothing more/,
  })
  t.same(placeAnswerOf(slow), { how: 'refused', class: 'rate_limit', retryAfterMs: 2_000 })
  const kinds = [529, 401, 413, 500, 400].map((status) => failureOf(refusalOf({ status, text: 'x' }, now), now).kind)
  t.same(kinds, ['quota', 'agent', 'agent', 'infrastructure', 'agent'])
  t.same(placeAnswerOf(refusalOf({ status: 400, text: 'x' }, now)), { how: 'ok' })
})
