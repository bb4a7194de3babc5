import * as z from 'zod'
import type { Sign, ToldError, ToolSign } from './sign.ts'

const count = z.int().min(0)
const status = z.enum(['in_progress', 'completed', 'failed', 'declined']).catch('completed')
const id = z.string().catch('')

const item = z.discriminatedUnion('type', [
  z.object({ type: z.literal('agent_message'), text: z.string() }),
  z.object({ type: z.literal('command_execution'), id, status, command: z.string() }),
  z.object({
    type: z.literal('file_change'),
    id,
    status,
    changes: z.array(z.object({ path: z.string() })).catch([]),
  }),
  z.object({ type: z.literal('mcp_tool_call'), id, status, server: z.string().catch(''), tool: z.string() }),
  z.object({ type: z.literal('web_search'), id, query: z.string().catch('') }),
])

/** The events of `codex exec --json`, as far as they matter here. */
const event = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['item.started', 'item.updated', 'item.completed']), item }),
  z.object({
    type: z.literal('turn.completed'),
    usage: z.object({ input_tokens: count, output_tokens: count }).nullish().catch(null),
  }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('error'), message: z.string() }),
])

type Item = z.infer<typeof item>

/** What Codex tells. Its errors have no code: they are known by their words. */
export function codexSigns(given: unknown): readonly Sign[] {
  const read = event.safeParse(given)
  if (!read.success) return []
  const told = read.data
  switch (told.type) {
    case 'turn.completed':
      return [...usageSigns(told.usage), { type: 'end', error: null }]
    case 'turn.failed':
      return [{ type: 'end', error: errorIn(told.error.message) }]
    case 'error':
      // it is told again as the end where it is the end
      return [againSign(told.message)]
    case 'item.started':
    case 'item.updated':
    case 'item.completed':
      return itemSigns(told.item, told.type === 'item.completed')
  }
}

function itemSigns(given: Item, isOver: boolean): readonly Sign[] {
  switch (given.type) {
    case 'agent_message':
      return isOver ? [{ type: 'message', text: given.text }] : []
    case 'command_execution':
      return [{ ...toolOf(given, isOver), title: `run ${withoutShell(given.command)}` }]
    case 'file_change': {
      const writes = given.changes.map(({ path }) => path)
      return [{ ...toolOf(given, isOver), title: `edit ${writes.join(' ')}`, writes }]
    }
    case 'mcp_tool_call':
      return [{ ...toolOf(given, isOver), title: `call ${given.server} ${given.tool}` }]
    case 'web_search':
      return [{ type: 'tool', id: given.id, status: isOver ? 'done' : 'began', title: `search ${given.query}` }]
  }
}

function toolOf(given: { id: string; status: z.infer<typeof status> }, isOver: boolean): ToolSign {
  const ended = given.status === 'failed' || given.status === 'declined' ? 'failed' : 'done'
  return { type: 'tool', id: given.id, status: isOver ? ended : 'began' }
}

/** Its commands are wrapped in a shell, which says nothing. */
const withoutShell = (command: string): string => /^\S*sh -l?c '([^']*)'$/.exec(command)?.[1] ?? command

function usageSigns(usage: { input_tokens: number; output_tokens: number } | null | undefined): readonly Sign[] {
  if (usage === null || usage === undefined) return []
  const { input_tokens: inputTokens, output_tokens: outputTokens } = usage
  return [{ type: 'usage', usage: { model: null, inputTokens, outputTokens, costUsd: null } }]
}

function againSign(why: string): Sign {
  const found = /^Reconnecting\.\.\. \d+\/\d+ \((.*)\)$/s.exec(why)?.[1]
  return { type: 'again', why, ...(found !== undefined && { error: errorIn(found) }) }
}

function errorIn(text: string): ToldError {
  const found = /\b(?:last status:|unexpected status) (\d{3})\b/.exec(text)?.[1]
  return { status: found === undefined ? null : Number(found), text }
}

/** What it tells on standard error only: a patch that it did not let through. */
export function codexStraySigns(line: string): readonly Sign[] {
  const [, what] = / ERROR codex_core::tools::router: error=(.*)$/.exec(line) ?? []
  return what === undefined ? [] : [{ type: 'denied', what }]
}
