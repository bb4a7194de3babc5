import { type ClientConnection, type ClientContext, PROTOCOL_VERSION, RequestError } from '@agentclientprotocol/sdk'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { AcpOptions } from './options.ts'
import { tokensIn } from './updates.ts'
import { Silent, within } from './within.ts'

/** What the agent was asked for, in people's words. */
type Step = 'to say what it is' | 'for a session' | 'to log in' | 'for its mode' | 'to do the task'

/** How a conversation ended. */
export type End =
  | { readonly how: 'answered'; readonly stopReason: string; readonly tokens: Tokens | null }
  /** With an error, as JSON-RPC has it. */
  | { readonly how: 'refused'; readonly step: Step; readonly error: RequestError }
  | { readonly how: 'silent'; readonly step: Step; readonly seconds: number }
  | { readonly how: 'unfit'; readonly reason: string }
  /** The other side has gone, or said what breaks the protocol. */
  | { readonly how: 'broken'; readonly error: unknown }
  | { readonly how: 'cancelled' }

type Tokens = { readonly input: number; readonly output: number }

/** What is asked, and within which limits. */
export interface Order {
  readonly directory: string
  readonly options: Pick<AcpOptions, 'authenticate' | 'startSeconds' | 'idleSeconds'>
  /** Whether the agent is told that files are read for it. */
  readonly reads: boolean
  /** The session's mode, and whether one that is not there is a mistake. */
  readonly mode: { readonly id: string; readonly required: boolean } | null
  readonly prompt: string
  /** What to say when the agent has stopped at a refusal; null when it has not. */
  readonly followUp: (stopReason: string) => string | null
}

/** What a conversation is watched with. */
export interface Watching {
  readonly clock: Clock
  /** Aborts when the attempt must stop. */
  readonly signal: AbortSignal
  /** How long the agent may take to break off, in milliseconds. */
  readonly cancelMs: number
  /** Milliseconds, monotonic, at which something last came from the agent. */
  readonly heardAt: () => number
  readonly note: (line: string) => void
  /** Told after each turn what the session has used so far. */
  readonly used: (tokens: Tokens | null) => void
}

const followUps = 3

class Unfit extends Error {}

/** One session: initialize, a session, its mode, the task, and its end as a value. */
export async function converse(connection: ClientConnection, order: Order, watching: Watching): Promise<End> {
  const { agent } = connection
  const { clock, signal } = watching
  let step: Step = 'to say what it is'
  let seconds = order.options.startSeconds
  try {
    const deadline = clock.monotonic() + seconds * 1_000
    const session = await within(
      open(agent, order, (now) => (step = now)),
      { clock, signal, due: () => deadline },
    )
    step = 'for its mode'
    await within(setMode(agent, session, order, watching), { clock, signal, due: () => deadline })
    step = 'to do the task'
    const idle = order.options.idleSeconds
    seconds = idle ?? Infinity
    const due = (): number => watching.heardAt() + seconds * 1_000
    return await turns(agent, session.sessionId, order, { ...watching, due })
  } catch (error) {
    if (signal.aborted) return { how: 'cancelled' }
    if (error instanceof Silent) return { how: 'silent', step, seconds }
    if (error instanceof Unfit) return { how: 'unfit', reason: error.message }
    return error instanceof RequestError ? { how: 'refused', step, error } : { how: 'broken', error }
  }
}

type Session = Awaited<ReturnType<typeof open>>

/** The first question: what the agent is, and which version of the protocol it speaks. */
export const initialize = (agent: ClientContext, reads: boolean) =>
  agent.request('initialize', {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: reads, writeTextFile: true }, terminal: true },
    clientInfo: { name: 'troupe', version: '1' },
  })

/** What is wrong with a version of the protocol, in words; null for nothing. */
export const foreignVersion = (version: number): string | null =>
  version === PROTOCOL_VERSION ? null : `speaks version ${version} of the protocol, and Troupe ${PROTOCOL_VERSION}`

async function open(agent: ClientContext, { directory, options, reads }: Order, at: (step: Step) => void) {
  const { protocolVersion, authMethods } = await initialize(agent, reads)
  const foreign = foreignVersion(protocolVersion)
  if (foreign !== null) throw new Unfit(`it ${foreign}`)
  const session = () => agent.request('session/new', { cwd: directory, mcpServers: [] })
  at('for a session')
  return await session().catch(async (error: unknown) => {
    const methodId = options.authenticate
    if (!(error instanceof RequestError) || error.code !== loginNeeded || methodId === undefined) throw error
    const known = (authMethods ?? []).map(({ id }) => id)
    if (!known.includes(methodId))
      throw new Unfit(`it knows no way to log in called ${methodId}; it knows ${listed(known)}`)
    at('to log in')
    await agent.request('authenticate', { methodId })
    return await session()
  })
}

const loginNeeded = -32_000

async function setMode(agent: ClientContext, session: Session, { mode }: Order, { note }: Watching): Promise<void> {
  if (mode === null || session.modes?.currentModeId === mode.id) return
  const known = session.modes?.availableModes.map(({ id }) => id) ?? []
  if (known.includes(mode.id)) {
    await agent.request('session/set_mode', { sessionId: session.sessionId, modeId: mode.id })
    return
  }
  if (mode.required) throw new Unfit(`it has no mode called ${mode.id}; it has ${listed(known)}`)
  note(`the agent has no mode called ${mode.id}; it has ${listed(known)}`)
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

/** Prompts until the agent has ended by itself, without a refusal that it was not told the reason of. */
async function turns(
  agent: ClientContext,
  sessionId: string,
  order: Order,
  watching: Watching & { readonly due: () => number },
): Promise<End> {
  let next: string | null = order.prompt
  let end: Extract<End, { readonly how: 'answered' }> | null = null
  for (let turn = 0; next !== null; turn++) {
    const answer = await turnOf(agent, sessionId, next, watching)
    const tokens = tokensIn(answer)
    watching.used(tokens)
    end = { how: 'answered', stopReason: answer.stopReason, tokens }
    next = turn < followUps ? order.followUp(answer.stopReason) : null
  }
  return end ?? { how: 'cancelled' }
}

async function turnOf(
  agent: ClientContext,
  sessionId: string,
  text: string,
  watching: Watching & { readonly due: () => number },
): Promise<{ readonly stopReason: string }> {
  const answer = agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] })
  try {
    const given = await within(answer, watching)
    // what came before the answer is dealt with before it
    await new Promise(setImmediate)
    return given
  } catch (error) {
    if (watching.signal.aborted) await brokenOff(agent, sessionId, answer, watching)
    throw error
  }
}

/** Asks the agent to break off, and gives it a moment for that. */
async function brokenOff(
  agent: ClientContext,
  sessionId: string,
  answer: Promise<unknown>,
  { clock, cancelMs }: Watching,
): Promise<void> {
  const until = clock.monotonic() + cancelMs
  const settled = Promise.all([agent.notify('session/cancel', { sessionId }), answer])
  await within(settled, { clock, due: () => until }).catch((error: unknown) => messageOf(error))
}
