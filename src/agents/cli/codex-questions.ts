import * as z from 'zod'
import { goOn } from '../task-prompt.ts'
import { line, type MessageId, request, saying } from './codex-message.ts'
import { fileChange } from './codex-server-signs.ts'
import type { Question } from './preset.ts'

const place = z.object({ threadId: z.string(), turnId: z.string() })
const edit = z.object({ itemId: z.string(), grantRoot: z.string().nullish() })
const command = z.object({
  kind: z.enum(['command', 'writeStdin']).default('command'),
  command: z.string().nullish(),
  reason: z.string().nullish(),
  networkApprovalContext: z.unknown().optional(),
})
const changed = z.object({ item: fileChange })
const patched = z.object({ itemId: z.string(), changes: fileChange.shape.changes })

/** What `codex app-server` asks before it acts; the files of an edit stand in what it told of the edit before. */
export class CodexQuestions {
  readonly #runs: boolean
  /** Files of edits that it has told of, by the id of the edit. */
  readonly #edits = new Map<string, readonly string[]>()
  /** Refusals that wait until their reason has come in, by the id of the request that brings it. */
  readonly #refusals = new Map<MessageId, string>()
  #reasons = 0

  /** @param runs Whether it may run commands. */
  constructor(runs: boolean) {
    this.#runs = runs
  }

  /** Hears a notification. */
  note(method: string, params: unknown): void {
    const told = method === 'item/started' ? changed.safeParse(params).data?.item : patchedIn(method, params)
    if (told !== undefined) this.#edits.set(told.id, told.changes)
    if (method === 'item/completed') this.#edits.delete(changed.safeParse(params).data?.item.id ?? '')
  }

  /** What a request asks, or the answer to it. */
  read(id: MessageId, method: string, params: unknown): Question | string {
    switch (method) {
      case 'item/fileChange/requestApproval':
        return this.#askedToEdit(id, params)
      case 'item/commandExecution/requestApproval':
        return this.#askedToRun(id, params)
      case 'item/permissions/requestApproval':
        return this.#question(id, params, { what: 'more permissions', refused: { permissions: {}, scope: 'turn' } })
      case 'mcpServer/elicitation/request':
        return this.#question(id, null, {
          what: 'an answer',
          refused: { action: 'decline', content: null, _meta: null },
        })
      default:
        return unknown(id, method)
    }
  }

  /** The refusal whose reason has come in; null where it was none. */
  told(id: MessageId): string | null {
    const refusal = this.#refusals.get(id) ?? null
    this.#refusals.delete(id)
    return refusal
  }

  #askedToEdit(id: MessageId, params: unknown): Question {
    const { itemId = '', grantRoot = null } = edit.safeParse(params).data ?? {}
    const writes = grantRoot === null ? (this.#edits.get(itemId) ?? []) : []
    const what = ['edit', ...writes, ...(grantRoot === null ? [] : [`all below ${grantRoot}`])].join(' ')
    return this.#question(id, params, {
      what,
      writes,
      allowed: { decision: 'accept' },
      refused: { decision: 'decline' },
    })
  }

  /** Commands are allowed or not as a whole; one that says that it needs more than the sandbox is not. */
  #askedToRun(id: MessageId, params: unknown): Question | string {
    const { data } = command.safeParse(params)
    if (this.#runs && data !== undefined && !needsMore(data)) return line({ id, result: { decision: 'accept' } })
    const what = `run ${data?.command ?? 'a command'}${this.#runs ? ' outside the sandbox' : ''}`
    return this.#question(id, params, { what, refused: { decision: 'decline' } })
  }

  #question(id: MessageId, params: unknown, { what, writes = [], allowed, refused }: Asked): Question {
    return {
      what,
      writes,
      answer: (refusal) =>
        refusal === null ? line({ id, result: allowed }) : this.#refuse(line({ id, result: refused }), refusal, params),
    }
  }

  /** An answer has no place for the reason: that is said before it, so that the model reads both at once. */
  #refuse(answer: string, reason: string, params: unknown): string {
    const where = place.safeParse(params).data
    if (where === undefined) return answer
    this.#reasons += 1
    const id = `reason ${this.#reasons}`
    this.#refusals.set(id, answer)
    const { threadId, turnId: expectedTurnId } = where
    return request(id, 'turn/steer', { threadId, expectedTurnId, input: saying(goOn([reason])) })
  }
}

interface Asked {
  readonly what: string
  readonly writes?: readonly string[]
  /** Left out where nothing is ever allowed. */
  readonly allowed?: object
  readonly refused: object
}

const needsMore = ({ reason = null, networkApprovalContext: network = null }: z.infer<typeof command>): boolean =>
  reason !== null || network !== null

function patchedIn(method: string, params: unknown): { id: string; changes: readonly string[] } | undefined {
  const { data } = method === 'item/fileChange/patchUpdated' ? patched.safeParse(params) : {}
  return data === undefined ? undefined : { id: data.itemId, changes: data.changes }
}

/** Whatever a newer one asks gets an answer: it would wait for it. */
const unknown = (id: MessageId, method: string): Question => ({
  what: method,
  writes: [],
  answer: () => line({ id, error: { code: -32_601, message: `${method} is not known here` } }),
})
