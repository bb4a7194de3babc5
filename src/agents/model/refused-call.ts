import { ProviderHeld } from '../provider/provider-held.ts'
import { type Refusal, refusalOf } from '../provider/refusal.ts'
import { messageOf } from '../../errors.ts'

/** A call that the provider answered with a refusal, or not at all. */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** A refusal without a date. */
export const refusal = (kind: Refusal['class'], message: string): Refusal => ({
  class: kind,
  message,
  retryAfterMs: null,
  until: null,
})

/** The provider could not be reached, or broke off. */
export const unreachable = (what: string): RefusedCall => new RefusedCall(refusal('network', what))

const longestText = 20_000

/** The refusal that an answer is, from its beginning. */
export async function refusedCall(response: Response, now: number): Promise<RefusedCall> {
  const elsewhere = response.headers.get('location')
  if (response.status < 400 && elsewhere !== null) return await redirected(response, elsewhere)
  const text = await beginningOf(response)
  return new RefusedCall(
    refusalOf({ status: response.status, text, headers: Object.fromEntries(response.headers) }, now),
  )
}

/** It is not followed: that would carry the key to where nobody meant it to go. */
async function redirected({ body, status, url }: Response, elsewhere: string): Promise<RefusedCall> {
  await body?.cancel()
  const to = URL.canParse(elsewhere, url) ? new URL(elsewhere, url) : null
  const where = to === null ? elsewhere : `${to.origin}${to.pathname}`
  const message = `${url} answered ${status} and leads to ${where}. No redirect is followed; give the endpoint itself, and see that nothing on the way answers in its stead`
  return new RefusedCall(refusal(null, message))
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.length > longestText) break
    }
  } catch {
    // what came until it broke off tells enough
  }
  return text.slice(0, longestText)
}

/** What an error of a call means. Throws what is none of the provider's. */
export function refusalIn(error: unknown, now: number): Refusal {
  if (error instanceof RefusedCall) return error.refusal
  if (error instanceof ProviderHeld) throw error
  const { name, code, type, statusCode, cause, value } = error as Record<string, unknown>
  if (cause instanceof RefusedCall) return cause.refusal
  // told amid a stream, with a code but no status
  const told = { error: { code, type, message: messageOf(error) } }
  if (name === 'AI_StreamProviderError')
    return refusalOf({ status: typeof statusCode === 'number' ? statusCode : null, text: JSON.stringify(told) }, now)
  if (name === 'AI_TypeValidationError') return strangePart(value, now)
  if (typeof name === 'string' && broken.has(name))
    return unreachable(`the provider broke off: ${messageOf(error)}`.slice(0, 300)).refusal
  throw error
}

/** Some tell an error amid a stream by a status alone, in a form of their own. */
function strangePart(value: unknown, now: number): Refusal {
  const text = JSON.stringify(value ?? null)
  const { code, status = code } = Object(value) as Record<string, unknown>
  if (typeof status === 'number' && status >= 400 && status < 600) return refusalOf({ status, text }, now)
  return unreachable(`the provider sent what is no part of an answer: ${text.slice(0, 200)}`).refusal
}

/** What the library says when an answer ends too early or is none. */
const broken: ReadonlySet<string> = new Set([
  'AI_APICallError',
  'AI_InvalidResponseDataError',
  'AI_JSONParseError',
  'AI_NoOutputGeneratedError',
  'AI_EmptyResponseBodyError',
])
