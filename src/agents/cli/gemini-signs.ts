import * as z from 'zod'
import type { Sign, ToldError } from './sign.ts'

const count = z.int().min(0).nullish().catch(null)

/** The events of `gemini --output-format stream-json`, as far as they matter here. */
const event = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    role: z.string(),
    content: z.string(),
    delta: z.boolean().nullish().catch(null),
  }),
  z.object({
    type: z.literal('tool_use'),
    tool_name: z.string(),
    tool_id: z.string(),
    parameters: z.record(z.string(), z.unknown()).catch({}),
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_id: z.string(),
    status: z.string().catch('success'),
    output: z.string().nullish().catch(null),
  }),
  z.object({ type: z.literal('error'), message: z.string() }),
  z.object({
    type: z.literal('result'),
    status: z.string(),
    error: z.object({ message: z.string() }).nullish().catch(null),
    stats: z
      .object({
        input_tokens: count,
        output_tokens: count,
        models: z.record(z.string(), z.unknown()).catch({}),
      })
      .nullish()
      .catch(null),
  }),
])

type Told = z.infer<typeof event>
type Of<Type extends Told['type']> = Extract<Told, { readonly type: Type }>

/** What the Gemini CLI tells. */
export function geminiSigns(given: unknown): readonly Sign[] {
  const read = event.safeParse(given)
  if (!read.success) return []
  const told = read.data
  switch (told.type) {
    case 'message':
      return told.role === 'assistant' ? [{ type: 'message', text: told.content, isPart: told.delta === true }] : []
    case 'tool_use':
      return [toolSign(told)]
    case 'tool_result':
      return [{ type: 'tool', id: told.tool_id, status: hasFailed(told) ? 'failed' : 'done' }]
    case 'error':
      return [{ type: 'again', why: told.message }]
    case 'result':
      return [...usageSigns(told), { type: 'end', error: errorIn(told) }]
  }
}

function toolSign({ tool_name: name, tool_id: id, parameters }: Of<'tool_use'>): Sign {
  const { file_path: path, command, pattern } = parameters
  const about = [path, command, pattern].find((value) => typeof value === 'string') ?? ''
  const writes = typeof path === 'string' && editing.has(name) ? [path] : []
  return { type: 'tool', id, status: 'began', title: `${name} ${about}`, writes }
}

const editing: ReadonlySet<string> = new Set(['write_file', 'replace', 'edit'])

/** A command that failed is told as a success, with its status in what it printed. */
const hasFailed = ({ status, output }: Of<'tool_result'>): boolean =>
  status !== 'success' || /(?:^|\n)Command exited with code: [1-9]\d*\s*$/.test(output ?? '')

function usageSigns({ stats }: Of<'result'>): readonly Sign[] {
  if (stats === null || stats === undefined) return []
  const [model = null] = Object.keys(stats.models)
  const { input_tokens: inputTokens = null, output_tokens: outputTokens = null } = stats
  return [{ type: 'usage', usage: { model, inputTokens, outputTokens, costUsd: null } }]
}

const errorIn = ({ status, error }: Of<'result'>): ToldError | null =>
  status === 'success' ? null : { status: null, text: error?.message ?? `it ended with ${status}` }

/** What it tells on standard error only: that the provider refused and it tries again. */
export function geminiStraySigns(line: string): readonly Sign[] {
  const [, why = '', status] = /^(Attempt \d+ failed with status (\d{3})\. Retrying with backoff.*)$/.exec(line) ?? []
  return status === undefined ? [] : [{ type: 'again', why, error: { status: Number(status), text: why } }]
}
