import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What a model says in one answer. */
export interface Said {
  readonly text?: string
  readonly calls?: readonly (readonly [name: string, input: object | string])[]
  /** As GLM tells it; left out, nothing is told. */
  readonly usage?: { readonly input: number; readonly cached?: number; readonly output: number }
  readonly end?: string
}

/** One answer of the server: of a model, an error, or whatever a test writes by hand. */
export type Answer =
  | Said
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }
  | { readonly raw: (response: ServerResponse) => void }

/** What was asked. */
export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly model: string
    readonly thinking?: unknown
    readonly messages: readonly { readonly role: string; readonly content: string; readonly tool_call_id?: string }[]
    readonly tools: readonly { readonly function: { readonly name: string } }[]
  }
}

/** A server in the manner of GLM that gives these answers one after the other, and the last one again and again; or what each call asks for. */
export async function serveModel(
  t: Pick<Test, 'teardown'>,
  answers: readonly Answer[] | ((asked: Asked['body']) => Answer),
): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Asked['body']
      const next = typeof answers === 'function' ? answers(body) : answers[Math.min(asked.length, answers.length - 1)]
      asked.push({ path: request.url ?? '', headers: request.headers, body })
      give(response, next ?? {})
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  server.on('connection', (socket) => socket.unref())
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/paas/v4`, asked }
}

/** One event of a stream. */
export const event = (delta: object, end: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'x', created: 1, model: 'glm-4.7', choices: [{ index: 0, delta, finish_reason: end }], ...more })}\n\n`

export const streamHead = { 'content-type': 'text/event-stream' }

function give(response: ServerResponse, answer: Answer): void {
  if ('raw' in answer) return answer.raw(response)
  if ('status' in answer) {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
    return
  }
  const { text, calls = [], usage, end = calls.length > 0 ? 'tool_calls' : 'stop' } = answer
  response.writeHead(200, streamHead)
  if (text !== undefined) response.write(event({ role: 'assistant', content: text }))
  for (const [index, [name, input]] of calls.entries()) {
    const given = { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) }
    response.write(event({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: given }] }))
  }
  response.write(event({}, end, usage === undefined ? {} : { usage: asGlm(usage) }))
  response.end('data: [DONE]\n\n')
}

const asGlm = ({ input, cached, output }: NonNullable<Said['usage']>): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  ...(cached !== undefined && { prompt_tokens_details: { cached_tokens: cached } }),
})
