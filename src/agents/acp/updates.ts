import * as z from 'zod'
import { toolKinds } from './tool-kinds.ts'

const text = z.string().catch('')
const location = z.object({ path: z.string() })

/** Of a tool call's content, what says which file becomes what. */
const content = z.object({ type: z.string(), path: z.string().optional(), terminalId: z.string().optional() })

/** A list of which what cannot be read is left out. */
const lenient = <Item extends z.ZodType>(item: Item) =>
  z
    .array(z.unknown())
    .nullish()
    .catch(null)
    .transform((all) =>
      all?.flatMap((one) => {
        const read = item.safeParse(one)
        return read.success ? [read.data] : []
      }),
    )
    .optional()

/** A tool call, or what is new about one: what is not told stays as it was. */
export const toolCallSchema = z.object({
  toolCallId: z.string(),
  title: z.string().nullish().catch(undefined),
  kind: z.enum(toolKinds).nullish().catch('other'),
  status: z.enum(['pending', 'in_progress', 'completed', 'failed']).nullish().catch(undefined),
  content: lenient(content),
  locations: lenient(location),
  rawInput: z.unknown().optional(),
})

export type ToldToolCall = z.infer<typeof toolCallSchema>

const chunk = z.object({ content: z.object({ type: z.string(), text }).catch({ type: 'unknown', text: '' }) })

/** What an agent tells while it works, as far as it matters here. */
const updateSchema = z.discriminatedUnion('sessionUpdate', [
  chunk.extend({ sessionUpdate: z.literal('agent_message_chunk') }),
  chunk.extend({ sessionUpdate: z.literal('agent_thought_chunk') }),
  toolCallSchema.extend({ sessionUpdate: z.enum(['tool_call', 'tool_call_update']) }),
  z.object({
    sessionUpdate: z.literal('usage_update'),
    cost: z
      .object({ amount: z.number().min(0), currency: z.string() })
      .nullish()
      .catch(null),
  }),
])

export type Update = z.infer<typeof updateSchema>

const notificationSchema = z.object({ update: updateSchema })

/** Reads a notification; null for one that says nothing that matters, or that nobody understands. */
export function updateIn(params: unknown): Update | null {
  const read = notificationSchema.safeParse(params)
  return read.success ? read.data.update : null
}

const count = z.int().min(0)

/** What agents add to the answer of a prompt: what the whole session has used so far. */
const promptUsageSchema = z.object({
  usage: z.object({
    inputTokens: count,
    outputTokens: count,
    cachedReadTokens: count.nullish(),
    cachedWriteTokens: count.nullish(),
  }),
})

/** Tokens of the session so far; null where the agent does not tell. */
export function tokensIn(answer: unknown): { readonly input: number; readonly output: number } | null {
  const read = promptUsageSchema.safeParse(answer)
  if (!read.success) return null
  const { inputTokens, outputTokens, cachedReadTokens, cachedWriteTokens } = read.data.usage
  return { input: inputTokens + (cachedReadTokens ?? 0) + (cachedWriteTokens ?? 0), output: outputTokens }
}
