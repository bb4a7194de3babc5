import {
  type LanguageModelUsage,
  type ModelMessage,
  streamText,
  tool,
  type ToolSet,
  type TypedToolCall,
  zodSchema,
} from 'ai'
import type { AgentContext, Place } from '../agent.ts'
import type { Clock } from '../../clock.ts'
import { placeAnswerOf } from '../provider/refusal.ts'
import { eventStreamOf } from './event-stream.ts'
import { newIdleWatch } from './idle-watch.ts'
import { type Part, withJoinedPieces } from './joined-pieces.ts'
import { callOfModel, providerName } from './language-model.ts'
import type { Asked, Call, ModelQuestion, Reply } from './question.ts'
import { refusal, RefusedCall, refusalIn, refusedCall, unreachable } from './refused-call.ts'
import { type ToolWords, toolWords } from './tools/tool-words.ts'
import type * as z from 'zod'

/** Whoever asks: a stop ends the asking, and each call takes a place. */
export type Asker = Pick<AgentContext, 'signal' | 'place' | 'progress'>

/** What a question is asked with. */
export interface Line {
  readonly asker: Asker
  readonly clock: Clock
  /** Null where the endpoint takes none. */
  readonly key: string | null
}

/** Who is not refused within this was let in: a refusal comes at once, an answer may take minutes. In milliseconds. */
const refusalMs = 500
/** How often people are told that a long answer still comes. */
const signMs = 30_000
/** In characters, thoughts included; no model answers that much. */
const longestAnswer = 8_000_000

/**
 * Asks once, with a place of the provider's budget. Rejects when the attempt is stopped or its provider is held for long, and for bugs;
 * all else is a value.
 */
export async function askOnce(question: ModelQuestion, line: Line): Promise<Asked> {
  const { asker, clock } = line
  const idle = newIdleWatch(clock, question.idleMs)
  const held: Held = { place: null, isOver: false }
  try {
    return { how: 'answered', reply: await answered({ ...question, ...line, idle, held }) }
  } catch (error) {
    asker.signal.throwIfAborted()
    const silent = unreachable(`the provider said nothing for ${question.idleMs / 1_000} s`)
    const why = refusalIn(idle.signal.aborted ? silent : error, clock.now())
    held.place?.release(placeAnswerOf(why))
    return { how: 'refused', refusal: why }
  } finally {
    idle.end()
    held.isOver = true
    held.place?.release({ how: 'ok' })
  }
}

interface Asking extends ModelQuestion, Line {
  readonly idle: ReturnType<typeof newIdleWatch>
  readonly held: Held
}

/** The place of one call. */
interface Held {
  place: Place | null
  /** Nobody waits for the answer any more. */
  isOver: boolean
}

async function answered(asking: Asking): Promise<Reply> {
  const { settings, temperature, idle } = asking
  // what the library has to say about a call is no matter of a terminal
  globalThis.AI_SDK_LOG_WARNINGS = false
  using call = callOfModel(settings, asking.key, fetchWithPlace(asking))
  const stream = streamText({
    model: withJoinedPieces(call.model, partWatch(asking)),
    headers: call.headers,
    instructions: asking.system,
    messages: JSON.parse(asking.messages) as ModelMessage[],
    tools: toolSet(toolWords(asking.verb)),
    maxRetries: 0,
    abortSignal: AbortSignal.any([asking.asker.signal, idle.signal]),
    // errors come as parts too
    onError: () => {},
    ...(temperature !== null && { temperature }),
    ...(settings.protocol === 'openai' && { providerOptions: { [providerName]: settings.body } }),
  })
  const seen = await read(stream.stream)
  const { messages: said } = await stream.response
  return { ...seen, messages: said }
}

type Parts = ReturnType<typeof streamText<ToolSet>>['stream']

/** Hears that the provider is at work, and that it does not come to an end. */
function partWatch(asking: Asking): (part: Part) => void {
  const sign = signOfLife(asking)
  let size = 0
  return (part) => {
    asking.idle.beat()
    sign()
    size += 'delta' in part ? part.delta.length : 0
    if (size > longestAnswer) throw new RefusedCall(refusal(null, 'the answer of the model has no end'))
  }
}

async function read(parts: Parts): Promise<Omit<Reply, 'messages'>> {
  const calls: Call[] = []
  let text = ''
  let usage: LanguageModelUsage | null = null
  let end: Reply['end'] = 'stop'
  for await (const part of parts) {
    if (part.type === 'error') throw part.error
    if (part.type === 'abort') throw unreachable('the call was broken off')
    if (part.type === 'text-delta') text += part.text
    if (part.type === 'tool-call') calls.push(callOf(part))
    if (part.type !== 'finish-step') continue
    usage = part.usage
    end = endOf(part.finishReason, part.rawFinishReason ?? part.finishReason)
  }
  return { text, calls, usage, end }
}

const callOf = ({ toolCallId, toolName, input, invalid, error }: TypedToolCall<ToolSet>): Call => ({
  id: toolCallId,
  name: toolName,
  input,
  mistake: invalid === true ? String(error).slice(0, 500) : null,
})

/** GLM tells what went wrong amid a stream here only. Throws where it is no end of an answer. */
function endOf(reason: string, raw: string): Reply['end'] {
  if (/context/.test(raw))
    throw new RefusedCall(refusal('context', `the conversation is too long for the model: ${raw}`))
  if (reason === 'content-filter' || raw === 'sensitive')
    throw new RefusedCall(refusal(null, `the provider's filter ended the answer: ${raw}`))
  if (reason === 'length') return 'cut-off'
  if (reason === 'tool-calls') return 'calls'
  if (reason === 'stop') return 'stop'
  throw unreachable(`the model broke off: ${raw}`)
}

/** Waits for a place, then sends; a refusal is thrown as it is. */
function fetchWithPlace({ asker, clock, settings, idle, held }: Asking): typeof globalThis.fetch {
  return async (url, init) => {
    const place = await asker.place()
    held.place = place
    // the attempt may have been stopped while it waited
    if (held.isOver) place.release({ how: 'ok' })
    if (held.isOver) throw unreachable('nobody waits for the answer any more')
    idle.beat()
    const cancelNotice = clock.after(refusalMs, () => {
      place.accepted()
    })
    const response = await fetch(url, { ...init, redirect: 'manual' })
      .catch((error: unknown) => {
        if (init?.signal?.aborted === true) throw error
        const { cause } = error as { readonly cause?: { readonly code?: unknown; readonly message?: unknown } }
        throw unreachable(`${settings.endpoint} cannot be reached: ${String(cause?.code ?? cause?.message ?? error)}`)
      })
      .finally(cancelNotice)
    if (!response.ok) throw await refusedCall(response, clock.now())
    const stream = await eventStreamOf(response, clock.now())
    place.accepted()
    return stream
  }
}

function signOfLife({ clock, asker, settings }: Asking): () => void {
  let told = clock.monotonic()
  return () => {
    if (clock.monotonic() - told < signMs) return
    told = clock.monotonic()
    asker.progress(`${settings.model} still answers`)
  }
}

/** Without an execute: what is called is done here, when the answer has ended. */
const toolSet = (tools: readonly ToolWords[]): ToolSet =>
  Object.fromEntries(
    tools.map(({ name, description, input }) => [name, tool({ description, inputSchema: schemaOf(input) })]),
  )

/** What is made of a tool's input for the model, once. */
const schemas = new WeakMap<z.ZodObject, ReturnType<typeof zodSchema>>()

function schemaOf(input: z.ZodObject): ReturnType<typeof zodSchema> {
  const schema = schemas.get(input) ?? zodSchema(input)
  schemas.set(input, schema)
  return schema
}
