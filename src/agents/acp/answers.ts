import { type ClientApp, client, RequestError } from '@agentclientprotocol/sdk'
import * as z from 'zod'
import { messageOf } from '../../errors.ts'
import type { AgentContext } from '../agent.ts'
import { confine, type Confinement } from '../confinement/confinement.ts'
import type { Confined } from '../confinement/refusal.ts'
import type { AcpOptions } from './options.ts'
import { choose, judge, type PermissionOutcome } from './permission.ts'
import type { Terminals } from './terminals.ts'
import { type ToolKind, writes } from './tool-kinds.ts'
import type { ToolCall, Transcript } from './transcript.ts'
import { toolCallSchema, updateIn } from './updates.ts'

/** What an agent's questions are answered with. */
export interface Answering {
  /** Where the agent works; nothing outside is read or written for it. */
  readonly directory: string
  readonly permissions: AcpOptions['permissions']
  readonly context: AgentContext
  readonly transcript: Transcript
  readonly terminals: Terminals
  /** Told of everything that was refused, with the reason. */
  readonly denied: (reason: string) => void
}

/** The protocol tells no size; more than this is no source file. */
const maximumFileBytes = 10_000_000
const longestReason = 400

const permissionRequest = z.object({
  toolCall: toolCallSchema,
  options: z.array(z.object({ optionId: z.string(), kind: z.string() })),
})

/** Troupe's side of the conversation: answers what the agent asks, at once and without a person, and writes down what it tells. */
export function answeringClient(means: Answering): ClientApp {
  const files = confine(means.directory, (paths) => askedFor('edit', paths, means))
  const { terminals } = means
  return client({ name: 'troupe' })
    .onNotification(
      'session/update',
      (params: unknown) => params,
      ({ params }) => {
        heard(params, means)
      },
    )
    .onNotification('*', () => {})
    .onRequest(
      'session/request_permission',
      (params: unknown) => permissionRequest.parse(params),
      async ({ params }) => {
        const call = means.transcript.complete(params.toolCall)
        return { outcome: await permit(call, params.options, { ...means, files }) }
      },
    )
    .onRequest('fs/read_text_file', async ({ params: { path, line, limit } }) => {
      const { bytes, size } = orRefused(await files.read(path, maximumFileBytes))
      if (size > bytes.length) throw refusal(`${path} is larger than ${maximumFileBytes} bytes`)
      return { content: linesOf(bytes.toString(), line ?? 1, limit ?? Infinity) }
    })
    .onRequest('fs/write_text_file', async ({ params: { path, content } }) => {
      const written = await files.write(path, content)
      if (!written.ok) means.denied(written.reason)
      means.transcript.wrote(orRefused(written))
      return {}
    })
    .onRequest('terminal/create', async ({ params }) => {
      const answer = judge(means.permissions, 'execute')
      if (answer === 'deny') throw denial('the manifest does not let this agent run commands', means)
      return { terminalId: await terminals.create(params) }
    })
    .onRequest('terminal/output', ({ params }) => terminals.output(params.terminalId))
    .onRequest('terminal/wait_for_exit', ({ params }) => terminals.exit(params.terminalId))
    .onRequest('terminal/kill', ({ params }) => terminals.kill(params.terminalId))
    .onRequest('terminal/release', ({ params }) => terminals.release(params.terminalId))
}

function heard(params: unknown, { transcript, context }: Answering): void {
  const update = updateIn(params)
  if (update === null) return
  const { log, progress } = transcript.update(update)
  if (log !== '') context.output(log)
  if (progress !== null) context.progress(progress)
}

/** Whether some files may be written, by the policy and then by the supervisor. */
async function askedFor(
  kind: ToolKind,
  paths: readonly string[],
  { permissions, context }: Answering,
): ReturnType<AgentContext['mayWrite']> {
  const answer = judge(permissions, kind)
  if (answer === 'deny') return { allowed: false, reason: forbidden(kind) }
  return answer === 'allow' ? { allowed: true } : await context.mayWrite(paths)
}

const forbidden = (kind: ToolKind): string => `the manifest does not let this agent use tools of the kind ${kind}`

type Offered = z.infer<typeof permissionRequest>['options']

async function permit(
  call: ToolCall,
  options: Offered,
  means: Answering & { readonly files: Confinement },
): Promise<PermissionOutcome> {
  const answer = await allowed(call, means).catch(
    (error: unknown) => ({ ok: false, reason: messageOf(error) }) as const,
  )
  if (means.context.signal.aborted) return { outcome: 'cancelled' }
  const chosen = choose(options, answer.ok)
  const reason = answer.ok ? 'the agent offers no way to allow it' : answer.reason
  if (!answer.ok || chosen.outcome === 'cancelled') {
    means.transcript.deny(call)
    means.context.output(`\n[denied] ${call.kind} ${call.title}: ${reason}\n`)
    means.denied(reason)
  }
  return chosen
}

async function allowed(
  call: ToolCall,
  { permissions, files }: Answering & { readonly files: Confinement },
): Promise<Confined<unknown>> {
  const answer = judge(permissions, call.kind)
  if (answer === 'deny') return { ok: false, reason: forbidden(call.kind) }
  const paths = [...new Set(writes(call.kind) ? [...call.locations, ...call.diffs] : call.diffs)]
  return answer === 'allow' || paths.length === 0 ? { ok: true, value: null } : await files.allow(paths)
}

function orRefused<Value>(given: Confined<Value>): Value {
  if (given.ok) return given.value
  throw refusal(given.reason)
}

function denial(reason: string, { denied }: Answering): RequestError {
  denied(reason)
  return refusal(reason)
}

/** The reason stands in the message: that is what reaches a model. */
const refusal = (reason: string): RequestError => RequestError.invalidParams({ reason }, reason.slice(0, longestReason))

function linesOf(text: string, from: number, count: number): string {
  if (from <= 1 && count === Infinity) return text
  const lines = text.split(/(?<=\n)/)
  const first = Math.max(0, from - 1)
  return lines.slice(first, count === Infinity ? undefined : first + count).join('')
}
