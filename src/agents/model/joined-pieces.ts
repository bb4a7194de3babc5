import { type LanguageModelMiddleware, wrapLanguageModel } from 'ai'
import type { Model } from './language-model.ts'
import { Turns } from './turns.ts'

type Streamed = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>['stream']
/** A part of an answer as its provider sends it. */
export type Part = Streamed extends ReadableStream<infer Each> ? Each : never

/**
 * A model whose answers come in few parts, those that follow each other in one text as one: what the library does with a part costs ten
 * times what it costs to read it. Answers that end at once come to their end by turns.
 * @param onPart told of each part when it comes; what it throws ends the answer
 */
export const withJoinedPieces = (model: Model, onPart: (part: Part) => void): Model =>
  wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v4',
      async wrapStream({ doStream }) {
        const result = await doStream()
        return { ...result, stream: joined(result.stream, onPart) }
      },
    },
  })

const turns = new Turns()

function joined(parts: Streamed, onPart: (part: Part) => void): Streamed {
  const reader = parts.getReader()
  let held: Part | null = null
  const pull = async (to: ReadableStreamDefaultController<Part>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        if (held !== null) to.enqueue(held)
        return to.close()
      }
      onPart(value)
      if (value.type === 'finish') await turns.next()
      const before = held
      const both = before && asOne(before, value)
      held = both ?? value
      if (before !== null && both === null) return to.enqueue(before)
    }
  }
  return new ReadableStream<Part>(
    {
      pull: async (to) => {
        try {
          await pull(to)
        } catch (error) {
          reader.cancel(error).catch(() => {}) // why it ends is told already
          throw error
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Two pieces of one text as one; null for other parts, and for pieces of which more is said. */
function asOne(one: Part, next: Part): Part | null {
  if (!isPiece(one) || !isPiece(next)) return null
  if (one.type !== next.type || one.id !== next.id) return null
  if (one.providerMetadata !== undefined || next.providerMetadata !== undefined) return null
  return { ...one, delta: one.delta + next.delta }
}

type Piece = Extract<Part, { readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta' }>

const isPiece = (part: Part): part is Piece =>
  part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'tool-input-delta'
