import * as z from 'zod'
import { codexSigns } from './codex-signs.ts'
import type { Sign, ToldError } from './sign.ts'

const count = z.int().min(0)

/** The files of an edit, with where they are moved to. */
export const fileChange = z.object({
  type: z.literal('fileChange'),
  id: z.string(),
  changes: z
    .array(
      z.object({ path: z.string(), kind: z.object({ move_path: z.string().nullish() }).optional().catch(undefined) }),
    )
    .transform((all) => all.flatMap(({ path, kind }) => [path, ...(kind?.move_path ? [kind.move_path] : [])])),
})

const status = z.object({ httpStatusCode: z.number().nullish() })

const failure = z.object({
  message: z.string().catch('it did not say why'),
  codexErrorInfo: z
    .union([z.string(), z.record(z.string(), status)])
    .nullish()
    .catch(null),
  additionalDetails: z.string().nullish().catch(null),
})

type Failure = z.infer<typeof failure>

const item = z.looseObject({ type: z.string(), status: z.string().optional() })

/** The notifications of `codex app-server`, as far as they matter here. */
const notification = z.discriminatedUnion('method', [
  z.object({ method: z.enum(['item/started', 'item/completed']), params: z.object({ item }) }),
  z.object({
    method: z.literal('thread/tokenUsage/updated'),
    params: z.object({
      threadId: z.string(),
      tokenUsage: z.object({ total: z.object({ inputTokens: count, outputTokens: count }) }),
    }),
  }),
  z.object({
    method: z.literal('error'),
    params: z.object({ threadId: z.string().optional(), error: failure, willRetry: z.boolean().catch(false) }),
  }),
  z.object({
    method: z.literal('turn/completed'),
    params: z.object({
      threadId: z.string(),
      turn: z.object({ status: z.string(), error: failure.nullish().catch(null) }),
    }),
  }),
])

/** What is asked of it before it works; without an answer to that nothing comes. */
const first: readonly unknown[] = ['initialize', 'login', 'thread', 'turn']
const answer = z.object({
  id: z.string().refine((id) => first.includes(id)),
  method: z.undefined().optional(),
  error: z.object({ message: z.string().catch('it did not say why') }).optional(),
  result: z.unknown().optional(),
})
const begun = z.object({ thread: z.object({ id: z.string() }) })

interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Understands what one `codex app-server` tells. */
export class CodexServerSigns {
  /** What each thread has used so far: the main one, and those that it starts. */
  readonly #used = new Map<string, Tokens>()

  /** `thread` is the one whose end is the end of the work. */
  read(event: unknown, thread: string): readonly Sign[] {
    const reply = answer.safeParse(event)
    if (reply.success) return refused(reply.data)
    const told = notification.safeParse(event)
    if (!told.success) return []
    const { method, params } = told.data
    switch (method) {
      case 'item/started':
      case 'item/completed':
        return codexSigns({ type: method.replace('/', '.'), item: asExecTells(params.item) })
      case 'thread/tokenUsage/updated':
        return this.#usage(params.threadId, params.tokenUsage.total)
      case 'error':
        return params.willRetry ? [againSign(params.error)] : []
      case 'turn/completed':
        return params.threadId === thread ? [{ type: 'end', error: endOf(params.turn) }] : []
    }
  }

  #usage(thread: string, total: Tokens): readonly Sign[] {
    const before = this.#used.get(thread) ?? { inputTokens: 0, outputTokens: 0 }
    this.#used.set(thread, total)
    const inputTokens = Math.max(0, total.inputTokens - before.inputTokens)
    const outputTokens = Math.max(0, total.outputTokens - before.outputTokens)
    // it is told again with every news of a limit
    if (inputTokens + outputTokens === 0) return []
    return [{ type: 'usage', usage: { model: null, inputTokens, outputTokens, costUsd: null } }]
  }
}

/** It tells the same as `codex exec`, in other letters. */
function asExecTells(given: z.infer<typeof item>): object {
  const { data } = fileChange.safeParse(given)
  return {
    ...given,
    type: withUnderscores(given.type),
    status: withUnderscores(given.status ?? 'completed'),
    ...(data !== undefined && { changes: data.changes.map((path) => ({ path })) }),
  }
}

const withUnderscores = (word: string): string => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function refused({ id, error, result }: z.infer<typeof answer>): readonly Sign[] {
  const isWhole = id !== 'thread' || begun.safeParse(result).success
  if (error === undefined && isWhole) return []
  const text = error === undefined ? 'no thread was begun, and nobody knows why' : error.message
  return [{ type: 'end', error: { status: null, text: `${id}: ${text}` } }]
}

function againSign(error: Failure): Sign {
  const why = error.additionalDetails ?? error.message
  return { type: 'again', why, error: errorOf({ ...error, message: why }) }
}

function endOf({ status: how, error }: { readonly status: string; readonly error?: Failure | null | undefined }) {
  if (how === 'completed') return null
  return error === null || error === undefined ? { status: null, text: `its turn was ${how}` } : errorOf(error)
}

function errorOf({ message, codexErrorInfo: info }: Failure): ToldError {
  if (typeof info === 'string') {
    const code = codes.get(info)
    return { status: statuses.get(info) ?? null, text: code === undefined ? message : `${message} {"code":"${code}"}` }
  }
  const told = Object.values(info ?? {}).find(({ httpStatusCode }) => typeof httpStatusCode === 'number')
  return { status: told?.httpStatusCode ?? null, text: message }
}

/** Its own names, in the words of providers. */
const codes: ReadonlyMap<string, string> = new Map([
  ['usageLimitExceeded', 'usage_limit_reached'],
  ['rateLimitExceeded', 'rate_limit_exceeded'],
  ['serverOverloaded', 'overloaded_error'],
  ['unauthorized', 'authentication_error'],
  ['contextWindowExceeded', 'context_length_exceeded'],
])

/** It tells of each as of high demand. */
const statuses: ReadonlyMap<string, number> = new Map([['internalServerError', 500]])
