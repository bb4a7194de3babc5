import * as z from 'zod'
import type { Sign, ToldError } from './sign.ts'

const count = z.int().min(0).nullish().catch(null)

/** A list of blocks, of which what nobody knows is left out. */
const blocks = <Block extends z.ZodType>(block: Block) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((all) =>
      all.flatMap((one) => {
        const read = block.safeParse(one)
        return read.success ? [read.data] : []
      }),
    )

const spoken = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
])

const answered = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  is_error: z.boolean().nullish().catch(null),
})

/** The events of `claude --output-format stream-json`, as far as they matter here. */
const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('assistant'), message: z.object({ content: blocks(spoken) }) }),
  z.object({ type: z.literal('user'), message: z.object({ content: blocks(answered) }) }),
  z.object({
    type: z.literal('system'),
    subtype: z.literal('api_retry'),
    attempt: count,
    max_retries: count,
    error_status: z.number().nullish().catch(null),
    error: z.string().catch('error'),
  }),
  z.object({
    type: z.literal('result'),
    subtype: z.string().catch(''),
    is_error: z.boolean().catch(false),
    result: z.string().catch(''),
    terminal_reason: z.string().catch('completed'),
    api_error_status: z.number().nullish().catch(null),
    api_error_type: z.string().nullish().catch(null),
    total_cost_usd: z.number().min(0).nullish().catch(null),
    usage: z
      .object({
        input_tokens: count,
        cache_creation_input_tokens: count,
        cache_read_input_tokens: count,
        output_tokens: count,
      })
      .nullish()
      .catch(null),
    modelUsage: z.record(z.string(), z.object({ costBasis: z.string().nullish().catch(null) })).catch({}),
    permission_denials: blocks(z.object({ tool_name: z.string(), tool_input: z.record(z.string(), z.unknown()) })),
  }),
])

type Told = z.infer<typeof event>
type Result = Extract<Told, { readonly type: 'result' }>
type Input = Readonly<Record<string, unknown>>

/** What Claude Code tells. Its subtype is `success` also where it failed: what counts is `is_error` and why it ended. */
export function claudeSigns(given: unknown): readonly Sign[] {
  const read = event.safeParse(given)
  if (!read.success) return []
  const told = read.data
  switch (told.type) {
    case 'assistant':
      return told.message.content.map((block) =>
        block.type === 'text' ? { type: 'message', text: block.text } : toolSign(block),
      )
    case 'user':
      return told.message.content.map(({ tool_use_id: id, is_error: isError }) => ({
        type: 'tool',
        id,
        status: isError === true ? 'failed' : 'done',
      }))
    case 'system':
      return [
        {
          type: 'again',
          why: `${told.error}${told.error_status ? ` (${told.error_status})` : ''}`,
          error: { status: told.error_status ?? null, text: told.error },
        },
      ]
    case 'result':
      return [...denials(told), ...usageSigns(told), { type: 'end', error: errorIn(told) }]
  }
}

function toolSign({ id, name, input }: { id: string; name: string; input: Input }): Sign {
  const path = pathIn(input)
  const about = path ?? [input['command'], input['pattern'], input['description']].find(isText) ?? ''
  const writes = path !== null && editing.has(name) ? [path] : []
  return { type: 'tool', id, status: 'began', title: `${name} ${about}`, writes }
}

const editing: ReadonlySet<string> = new Set(['Edit', 'MultiEdit', 'Write', 'NotebookEdit'])

const isText = (value: unknown): value is string => typeof value === 'string'

const pathIn = (input: Input): string | null => [input['file_path'], input['notebook_path']].find(isText) ?? null

const denials = ({ permission_denials: all }: Result): readonly Sign[] =>
  all.map(({ tool_name: name, tool_input: input }) => ({
    type: 'denied',
    what: `${name} ${pathIn(input) ?? ''}`.trim(),
  }))

function usageSigns({ usage, modelUsage, total_cost_usd: cost }: Result): readonly Sign[] {
  if (usage === null || usage === undefined) return []
  const models = Object.entries(modelUsage)
  const isPriced = models.every(([, { costBasis }]) => costBasis !== 'unknown')
  const inputs = [usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens]
  return [
    {
      type: 'usage',
      usage: {
        model: models[0]?.[0] ?? null,
        inputTokens: inputs.reduce<number>((sum, part) => sum + (part ?? 0), 0),
        outputTokens: usage.output_tokens ?? 0,
        costUsd: isPriced ? (cost ?? null) : null,
      },
    },
  ]
}

function errorIn(told: Result): ToldError | null {
  const { is_error: isError, terminal_reason: why, result, api_error_status: status, api_error_type: type } = told
  if (!isError && why !== 'api_error' && told.subtype === 'success') return null
  const said = result === '' ? `it ended with ${told.subtype === 'success' ? why : told.subtype}` : result
  const kind = type === null || type === undefined ? '' : ` {"type":"${type}"}`
  return { status: status ?? null, text: `${said}${kind}` }
}
