import * as z from 'zod'
import { line, message, type MessageId, request, saying } from './codex-message.ts'
import { CodexQuestions } from './codex-questions.ts'
import { CodexServerSigns } from './codex-server-signs.ts'
import type { Question, Speech, Topic } from './preset.ts'

const begun = z.object({ thread: z.object({ id: z.string() }) })
const running = z.object({ turn: z.object({ id: z.string() }) })

/** Long, many, and of no use here. */
const unheard = [
  'item/agentMessage/delta',
  'item/commandExecution/outputDelta',
  'item/fileChange/outputDelta',
  'item/plan/delta',
  'item/reasoning/summaryTextDelta',
  'item/reasoning/textDelta',
  'turn/diff/updated',
]

/** What Codex is told and answered by `codex app-server`: one thread, one turn, and a decision wherever it asks for one. */
export const codexSpeech = (topic: Topic): Speech => new CodexSpeech(topic)

class CodexSpeech implements Speech {
  readonly opening = request('initialize', 'initialize', {
    clientInfo: { name: 'troupe', title: null, version: '1' },
    capabilities: { experimentalApi: false, requestAttestation: false, optOutNotificationMethods: unheard },
  })
  readonly #topic: Topic
  readonly #signs = new CodexServerSigns()
  readonly #questions: CodexQuestions
  #thread = ''
  #turn = ''

  constructor(topic: Topic) {
    this.#topic = topic
    this.#questions = new CodexQuestions(topic.settings.access !== 'read')
  }

  readonly signs: NonNullable<Speech['signs']> = (event) => this.#signs.read(event, this.#thread)

  read(event: unknown): Question | string | null {
    const { id, method, params, result } = message.safeParse(event).data ?? {}
    if (id === undefined) {
      if (method !== undefined) this.#questions.note(method, params)
      return null
    }
    if (method !== undefined) return this.#questions.read(id, method, params)
    // an error is heard as a sign; a reason that could not be told is still one
    return this.#questions.told(id) ?? (result === undefined ? null : this.#next(id, result))
  }

  farewell(): string {
    if (this.#turn === '') return ''
    return request('interrupt', 'turn/interrupt', { threadId: this.#thread, turnId: this.#turn })
  }

  /** What comes after an answer. */
  #next(id: MessageId, result: unknown): string | null {
    switch (id) {
      case 'initialize':
        return `${line({ method: 'initialized' })}${this.#logIn() ?? this.#start()}`
      case 'login':
        return this.#start()
      case 'thread':
        this.#thread = begun.safeParse(result).data?.thread.id ?? ''
        return this.#thread === '' ? null : this.#ask()
      case 'turn':
        this.#turn = running.safeParse(result).data?.turn.id ?? ''
        return null
      default:
        return null
    }
  }

  /** It takes no key from its environment. */
  #logIn(): string | null {
    const { OPENAI_API_KEY: apiKey } = this.#topic.settings.secrets
    return apiKey === undefined ? null : request('login', 'account/login/start', { type: 'apiKey', apiKey })
  }

  #start(): string {
    const { directory, settings } = this.#topic
    const { access, model, confined } = settings
    return request('thread', 'thread/start', {
      cwd: directory,
      approvalPolicy: access === 'write' ? 'untrusted' : 'never',
      approvalsReviewer: 'user',
      // where it is confined from outside it could make no sandbox of its own
      sandbox: access === 'write' && confined ? 'danger-full-access' : sandboxes[access],
      ephemeral: true,
      ...(model !== null && { model }),
    })
  }

  #ask(): string {
    return request('turn', 'turn/start', { threadId: this.#thread, input: saying(this.#topic.prompt) })
  }
}

const sandboxes = { read: 'read-only', write: 'workspace-write', all: 'danger-full-access' } as const
