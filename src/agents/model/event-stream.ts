import { messageOf } from '../../errors.ts'
import { readable } from '../provider/readable.ts'
import { refusalOf } from '../provider/refusal.ts'
import { refusal, RefusedCall, unreachable } from './refused-call.ts'

/** Enough for the first word of the first line. */
const firstCharacters = 16
const longestText = 20_000
const longestWords = 200

/**
 * The answer as it came, where it is the event stream that was asked for. Throws what it is otherwise: a page of whoever stands between,
 * an error in the guise of a success, an answer in one piece, nothing. Who is asked again would answer so again.
 */
export async function eventStreamOf(response: Response, now: number): Promise<Response> {
  const { body, headers, status } = response
  if (body === null || headers.get('content-length') === '0') throw notStreamed(response, 'with nothing at all')
  const beginning = new Beginning(body, response)
  if (await isStream(response, beginning)) return new Response(beginning.whole(), { status, headers })
  const text = await beginning.read(longestText)
  await beginning.leave()
  throw whatElse(response, text.trim(), now)
}

/** Some tell another type, or none, and stream all the same; some promise a stream before they know that it is an error. */
async function isStream(response: Response, beginning: Beginning): Promise<boolean> {
  if (typeOf(response).toLowerCase() !== 'text/event-stream' || isStrange(encodingOf(response)))
    return startsAsStream(await beginning.read(firstCharacters))
  return !startsAsText(await beginning.read(1))
}

/** A body of which some was read. */
class Beginning {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #chunks: Uint8Array[] = []
  readonly #decoder = new TextDecoder()
  #text = ''

  readonly #response: Response

  constructor(body: ReadableStream<Uint8Array>, response: Response) {
    this.#reader = body.getReader()
    this.#response = response
  }

  /** So many characters, less where there are no more; blank ones at the start are none. */
  async read(most: number): Promise<string> {
    while (this.#text.trimStart().length < most && this.#text.length < longestText) {
      const { value } = await this.#next()
      if (value === undefined) break
      this.#chunks.push(value)
      this.#text += this.#decoder.decode(value, { stream: true })
    }
    return this.#text.slice(0, longestText)
  }

  /** All of it, what was read included. */
  whole(): ReadableStream<Uint8Array> {
    const read = this.#chunks.values()
    return new ReadableStream({
      pull: async (controller) => {
        const value = read.next().value ?? (await this.#next()).value
        if (value === undefined) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => this.#reader.cancel(reason),
    })
  }

  /** The rest is not wanted. */
  async leave(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }

  async #next(): Promise<{ readonly value?: Uint8Array | undefined }> {
    return await this.#reader.read().catch((error: unknown) => {
      if (this.#chunks.length === 0 && isUndecodable(error))
        throw notStreamed(this.#response, `in another encoding than ${encodingOf(this.#response)}, which it names`)
      throw unreachable(`the provider broke off: ${messageOf(error)}`)
    })
  }
}

const typeOf = ({ headers }: Response): string => headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''

const encodingOf = ({ headers }: Response): string => headers.get('content-encoding')?.trim().toLowerCase() ?? ''

/** What the body was decoded from; of every other it comes as it was sent. */
const decoded = new Set(['', 'identity', 'gzip', 'x-gzip', 'deflate', 'br', 'zstd'])
const isStrange = (encoding: string): boolean => encoding.split(',').some((one) => !decoded.has(one.trim()))

/** What no decoder takes from its first bytes on; one that ends too early broke off. */
const isUndecodable = (error: unknown): boolean => {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } }
  return /^(?:Z_DATA_ERROR|ERR__ERROR_|ZSTD_error_)/.test(String(cause?.code))
}

/** A field of an event, or a comment. */
const startsAsStream = (text: string): boolean => /^\s*(?:data|event|id|retry)?:/.test(text)

/** JSON or a page: no line of a stream begins so. */
const startsAsText = (text: string): boolean => /^\s*[{[<]/.test(text)

function whatElse(response: Response, text: string, now: number): RefusedCall {
  if (text === '') return notStreamed(response, 'with nothing at all')
  const type = typeOf(response) || 'a text of no type'
  const encoding = encodingOf(response)
  if (isStrange(encoding))
    return notStreamed(response, `with ${type} in the encoding ${encoding}, which nobody asked for`)
  const value = objectIn(text)
  if (value === null) return notStreamed(response, `with ${type}: ${readable(text).slice(0, longestWords)}`)
  if ('choices' in value || 'content' in value) return notStreamed(response, 'in one piece: it does not stream')
  return new RefusedCall(
    refusalOf({ status: response.status, text, headers: Object.fromEntries(response.headers) }, now),
  )
}

const notStreamed = ({ status, url }: Response, how: string): RefusedCall =>
  new RefusedCall(
    refusal(
      null,
      `${url} answered ${status} ${how}. An event stream was asked for; see that the endpoint is right, and that nothing on the way answers in its stead`,
    ),
  )

function objectIn(text: string): object | null {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
