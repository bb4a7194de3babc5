import * as z from 'zod'
import type { Sign, ToldError } from './sign.ts'

const count = z.int().min(0).catch(0)

const state = z.object({
  status: z.string().catch('completed'),
  title: z.string().nullish().catch(null),
  input: z.record(z.string(), z.unknown()).catch({}),
  metadata: z.object({ exit: z.number().nullish().catch(null) }).catch({ exit: null }),
})

/** The events of `opencode run --format json`, as far as they matter here. */
const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), part: z.object({ text: z.string() }) }),
  z.object({ type: z.literal('tool_use'), part: z.object({ tool: z.string(), callID: z.string(), state }) }),
  z.object({
    type: z.literal('step_finish'),
    part: z.object({
      reason: z.string().catch(''),
      tokens: z
        .object({
          input: count,
          output: count,
          reasoning: count,
          cache: z.object({ read: count, write: count }).catch({ read: 0, write: 0 }),
        })
        .nullish()
        .catch(null),
      cost: z.number().min(0).nullish().catch(null),
    }),
  }),
  z.object({
    type: z.literal('error'),
    error: z.object({
      name: z.string().catch('error'),
      data: z
        .object({
          message: z.string().nullish().catch(null),
          statusCode: z.number().nullish().catch(null),
          responseHeaders: z.record(z.string(), z.string()).nullish().catch(null),
          responseBody: z.string().nullish().catch(null),
        })
        .catch({}),
    }),
  }),
])

type Told = z.infer<typeof event>
type Of<Type extends Told['type']> = Extract<Told, { readonly type: Type }>

/** What opencode tells: a tool once it has ended, the end of each step, and no end of the whole but the last step's. */
export function opencodeSigns(given: unknown): readonly Sign[] {
  const read = event.safeParse(given)
  if (!read.success) return []
  const told = read.data
  switch (told.type) {
    case 'text':
      return [{ type: 'message', text: told.part.text }]
    case 'tool_use':
      return [toolSign(told.part)]
    case 'step_finish':
      return [...usageSigns(told.part), ...endOf(told.part)]
    case 'error':
      return [{ type: 'end', error: errorIn(told.error) }]
  }
}

function toolSign({ tool, callID: id, state }: Of<'tool_use'>['part']): Sign {
  const { filePath: path, command, pattern, tool: wanted } = state.input
  const about = [path, command, pattern, wanted, state.title].find((value) => typeof value === 'string') ?? ''
  return {
    type: 'tool',
    id,
    status: hasFailed(tool, state) ? 'failed' : 'done',
    title: `${tool} ${about}`,
    writes: typeof path === 'string' && editing.has(tool) ? [path] : [],
  }
}

/** A command that failed, and a tool that is not there or was called wrongly, are told as completed too. */
const hasFailed = (tool: string, { status, metadata }: z.infer<typeof state>): boolean =>
  status !== 'completed' || (metadata.exit ?? 0) !== 0 || tool === 'invalid'

const editing: ReadonlySet<string> = new Set(['write', 'edit', 'patch', 'multiedit'])

function usageSigns({ tokens, cost }: Of<'step_finish'>['part']): readonly Sign[] {
  if (tokens === null || tokens === undefined) return []
  const { input, output, reasoning, cache } = tokens
  const inputTokens = input + cache.read + cache.write
  const outputTokens = output + reasoning
  // of a model whose price it does not know it says 0
  const costUsd = cost === 0 && inputTokens + outputTokens > 0 ? null : (cost ?? null)
  return [{ type: 'usage', usage: { model: null, inputTokens, outputTokens, costUsd } }]
}

function endOf({ reason }: Of<'step_finish'>['part']): readonly Sign[] {
  if (reason === 'tool-calls' || reason === '') return []
  if (reason === 'stop') return [{ type: 'end', error: null }]
  return [{ type: 'end', error: { status: null, text: `its model ended with ${reason}` } }]
}

const errorIn = ({ name, data }: Of<'error'>['error']): ToldError => ({
  status: data.statusCode ?? null,
  text: [data.message ?? name, data.responseBody ?? ''].join(' ').trim(),
  headers: data.responseHeaders ?? {},
})

/** What stands in its log only: that a call of its model failed; but for the last one it tries again. Neither status nor code is told. */
export function opencodeStraySigns(line: string): readonly Sign[] {
  const [, quoted] = / level=ERROR .*message="stream error" .* error\.error=("(?:[^"\\]|\\.)*")/.exec(line) ?? []
  if (quoted === undefined) return []
  const why = quoted.slice(1, -1).replaceAll('\\"', '"')
  return [{ type: 'again', why, error: { status: null, text: why }, mayBeLast: true }]
}
