import { LLMock } from '@copilotkit/aimock'
import type { RealAgent } from './agents.ts'

/** What an agent is to be told, by the mark in its prompt: `[codex hangs]`. */
const mark = /\[([\w-]+) (writes|strays|limited|refused|hangs)(?: (\d+))?\]/

/** What an agent's command that never ends carries in its arguments. */
export const endless = (agent: string): string => `a-command-of-${agent}-without-an-end`

/** A server in the manner of all providers, whose models do as the prompt says; the answer depends on the request alone, but for 429. */
export async function serveModels(agents: readonly RealAgent[]): Promise<Served> {
  const server = new LLMock({ port: 0, host: '127.0.0.1' })
  const asked = new Map<string, number>()
  const served = { letsGo: false }
  server.on({ predicate: () => true }, ({ messages, tools = [] }) => {
    const all = JSON.stringify(messages)
    const [task = '', name, scene] = mark.exec(all) ?? []
    const agent = agents.find((one) => one.name === name)
    // for the title of a session there are no tools
    if (agent === undefined || tools.length === 0) return { content: 'A title', usage }
    const times = (asked.get(task) ?? 0) + 1
    asked.set(task, times)
    if (scene === 'refused') return refused
    if (scene === 'limited' && times <= agent.asks) return slowDown
    const done = messages.filter(({ role }) => role === 'tool').length
    const file = `${task.replace(/\W+/g, '-').slice(1, -1)}.txt`
    const strays = scene === 'strays'
    return stepOf(agent, { done, file, folder: folderIn(all), strays, hangs: scene === 'hangs' && !served.letsGo })
  })
  await server.start()
  return {
    url: server.url,
    letGo() {
      served.letsGo = true
    },
    stop: () => server.stop(),
  }
}

/** A server that is there. */
export interface Served {
  readonly url: string
  /** From now on no command is without an end. */
  letGo(): void
  stop(): Promise<void>
}

interface Step {
  /** Tools that were used. */
  readonly done: number
  readonly file: string
  readonly folder: string
  readonly hangs: boolean
  /** Whether it also tries to write what its task does not own. */
  readonly strays: boolean
}

function stepOf(agent: RealAgent, { done, file, folder, hangs, strays }: Step) {
  const use = (tool: readonly [string, object]) => call(tool, done)
  if (strays && done === 0) return use(agent.write(folder, 'not-mine.txt', 'written\n'))
  const next = strays ? done - 1 : done
  if (next === 0) return use(agent.write(folder, file, 'written\n'))
  // some give their model an answer while a command still runs
  if (hangs) return use(agent.run(`tail -f /dev/null; : ${endless(agent.name)}`))
  if (next === 1) return use(agent.run(`echo run >> ${file}`))
  return { content: `I wrote ${file}.`, usage }
}

/** What an answer used, as every provider tells it. */
export const usage = {
  input_tokens: 100,
  output_tokens: 20,
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  promptTokenCount: 100,
  candidatesTokenCount: 20,
  totalTokenCount: 120,
}

/** A call of a tool. */
export const call = ([name, input]: readonly [string, object], at: number) => ({
  toolCalls: [{ name, arguments: JSON.stringify(input), id: `call_${at}` }],
  usage,
})

const refusal = (status: number, type: string, message: string) => ({ error: { message, type }, status, retryAfter: 1 })

/** Answers that are none, in the words of providers: opencode tells nothing else of them by its protocol. */
export const slowDown = refusal(429, 'rate_limit_error', 'Rate limit reached for requests')
export const refused = refusal(401, 'authentication_error', 'Incorrect API key provided')
export const broken = refusal(500, 'server_error', 'Internal Server Error')

/** Agents tell their model where they work. */
const folderIn = (text: string): string =>
  /(?:working directory:|Workspace Directories:\\*n\s*-)\s*(\/[^\\"\s]+)/i.exec(text)?.[1] ?? '.'
