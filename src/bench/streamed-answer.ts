/** A call to a model in OpenAI's protocol, as far as the benchmarks' providers look at it. */
export interface ModelCall {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[]
}

/** How an answer begins. */
export const streamHead = { 'content-type': 'text/event-stream' }

/** One event of an answer's stream. */
export const eventOf = (delta: object, end: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'x', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: end }], ...more })}\n\n`

/**
 * The end of an answer: its model reads a line with each, and finishes with the last of so many. Which answer comes is told by the
 * conversation, so that a call may be made again.
 */
export function closingEvents({ messages }: ModelCall, answers: number): string {
  const number = messages.filter(({ role }) => role === 'assistant').length + 1
  const call =
    number >= answers
      ? toolCall('finish', { outcome: 'done', summary: 'read it' })
      : toolCall('read_file', { path: 'readme.txt', from: number, lines: 1 })
  const usage = { prompt_tokens: 1_000, completion_tokens: 50, total_tokens: 1_050 }
  return `${eventOf({ tool_calls: [call] })}${eventOf({}, 'tool_calls', { usage })}data: [DONE]\n\n`
}

const toolCall = (name: string, input: object): object => ({
  index: 0,
  id: 'call_0',
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
})
