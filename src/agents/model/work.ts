import type { ModelMessage, ToolResultPart } from 'ai'
import type { Outcome } from '../agent.ts'
import { failureOf, type Refusal } from '../provider/refusal.ts'
import { type Usage, usageWith } from '../usage.ts'
import { judge, type Verdict } from './ending.ts'
import { limitReached } from './limits.ts'
import type { ModelOptions } from './options.ts'
import { pause, type Patience } from './patience.ts'
import { usageOf } from './price.ts'
import type { Asked, Call, Reply } from './question.ts'
import { newRepeats } from './repeats.ts'
import type { Settings } from './settings.ts'
import type { Desk } from './tools/desk.ts'
import { type Finish, finishInput, finishName } from './tools/finish.ts'
import { refused, type Tool, type ToolAnswer } from './tools/tool.ts'

/** One attempt's work. */
export interface Job {
  readonly settings: Settings
  readonly desk: Desk
  readonly tools: ReadonlyMap<string, Tool>
  readonly options: ModelOptions
  readonly patience: Patience
  /** What the model is asked to do. */
  readonly task: string
  /** Whether the verb asks for a change. */
  readonly expectsChange: boolean
  /** Asks the model once. Rejects when the attempt is stopped or its provider is held for long, and for bugs. */
  ask(messages: readonly ModelMessage[]): Promise<Asked>
  /** Whether anything was changed, by tools or by commands. */
  hasChanged(): Promise<boolean>
}

const mostSentBack = 2
const mostMuddled = 4
const longestSummary = 4_000

type End =
  | Exclude<Verdict, { readonly how: 'sent-back' }>
  | { readonly how: 'refused'; readonly refusal: Refusal }
  | { readonly how: 'over-limit'; readonly message: string }

/** Asks, does what is asked for, and asks again, until the model is done, a limit is reached or the provider refuses. */
export async function work(job: Job): Promise<Outcome> {
  const round = new Round(job)
  let end: End | null = null
  while (end === null) end = await round.next()
  return round.outcome(end)
}

/** The state of the loop. */
class Round {
  readonly #job: Job
  readonly #messages: ModelMessage[]
  readonly #repeatOf = newRepeats()
  #used: Usage | null = null
  #steps = 0
  #sentBack = 0
  /** Answers in a row in which no call made sense. */
  #muddled = 0
  #lastFailure: string | null = null
  #summary = ''

  constructor(job: Job) {
    this.#job = job
    this.#messages = [{ role: 'user', content: job.task }]
  }

  /** One answer of the model and all that it asks for; null when the work goes on. */
  async next(): Promise<End | null> {
    const { options, settings, desk } = this.#job
    const message = limitReached(this.#used, this.#steps, options)
    if (message !== null) return { how: 'over-limit', message }
    this.#steps += 1
    desk.context.progress(`step ${this.#steps}: asks ${settings.model}`)
    const asked = await this.#ask()
    if (asked.how === 'refused') return asked
    this.#note(asked.reply)
    if (asked.reply.calls.length > 0) return this.#carryOut(asked.reply.calls)
    if (asked.reply.end === 'cut-off') return this.#sendBack('Your answer was cut off. Go on, in smaller pieces.')
    return this.#judge({ outcome: 'done', summary: asked.reply.text.trim() }, (text) => this.#sendBack(text))
  }

  /** Waits and asks again where that may help: nothing was done yet, so nothing is done twice. */
  async #ask(): Promise<Asked> {
    const { desk, patience } = this.#job
    const { context, clock } = desk
    for (let tries = 1; ; tries += 1) {
      const asked = await this.#job.ask(this.#messages)
      const pauseMs = asked.how === 'refused' ? patience(asked.refusal, tries) : null
      if (asked.how === 'answered' || pauseMs === null) return asked
      context.progress(`asks again in ${Math.ceil(pauseMs / 1_000)} s: ${asked.refusal.message}`.slice(0, 200))
      await pause(clock, pauseMs, context.signal)
    }
  }

  #note({ messages, text, usage }: Reply): void {
    const { settings } = this.#job
    const { context } = this.#job.desk
    const used = usageOf(usage, settings.model, settings.prices)
    context.used(used)
    this.#used = usageWith(this.#used, used)
    this.#messages.push(...messages)
    if (text.trim() !== '') context.output(`${text.trim()}\n`)
  }

  /** In the order in which they were called; what the calls come to is told to the model. */
  async #carryOut(calls: readonly Call[]): Promise<End | null> {
    this.#muddled = calls.every(({ mistake }) => mistake !== null) ? this.#muddled + 1 : 0
    if (this.#muddled > mostMuddled)
      return {
        how: 'failed',
        class: null,
        message: `the model keeps making calls that make no sense: ${calls[0]?.mistake}`,
      }
    const results: ToolResultPart[] = []
    let end: End | null = null
    for (const call of calls) {
      if (call.mistake !== null) this.#tell(`${call.name}: ${call.mistake}`)
      if (call.mistake !== null) continue
      const answer = call.name === finishName ? await this.#finish(call) : await this.#use(call)
      if ('how' in answer) end ??= answer
      else results.push(resultOf(call, answer))
      if (end !== null) return end
    }
    if (results.length > 0) this.#messages.push({ role: 'tool', content: results })
    return null
  }

  async #use(call: Call): Promise<ToolAnswer | End> {
    const { desk, tools } = this.#job
    const tool = tools.get(call.name)
    if (tool === undefined) return refused(`there is no tool called ${call.name}`)
    const repeat = this.#repeatOf(call)
    const line = tool.line(call.input)
    if (repeat === 'given-up')
      return { how: 'failed', class: null, message: `the model goes round in circles: ${line}` }
    this.#tell(line)
    if (repeat === 'told') return refused('You have just made this very call, with this result. Do something else.')
    const answer = await tool.use(call.input, desk)
    desk.context.signal.throwIfAborted()
    if (answer.isError) desk.context.output(`  ${answer.text.slice(-500)}\n`)
    if (tool.acts) this.#lastFailure = answer.isError ? `${line}: ${answer.text.slice(-300)}` : null
    return answer
  }

  #finish(call: Call): Promise<ToolAnswer | End> {
    return this.#judge<ToolAnswer>(finishInput.parse(call.input), (text) => refused(text))
  }

  async #judge<Back>(finish: Finish, sendBack: (text: string) => Back): Promise<Back | End> {
    const verdict = judge(finish, {
      hasChanged: await this.#job.hasChanged(),
      expectsChange: this.#job.expectsChange,
      lastFailure: this.#lastFailure,
      isLast: this.#sentBack >= mostSentBack,
    })
    this.#summary = finish.summary
    if (verdict.how !== 'sent-back') return verdict
    this.#sentBack += 1
    return sendBack(verdict.text)
  }

  #sendBack(text: string): End | null {
    this.#messages.push({ role: 'user', content: text })
    return null
  }

  #tell(line: string): void {
    const { context } = this.#job.desk
    const short = line.replace(/\s+/g, ' ').slice(0, 200)
    context.output(`> ${short}\n`)
    context.progress(short)
  }

  outcome(end: End): Outcome {
    const { desk, settings } = this.#job
    const details = {
      model: settings.model,
      steps: this.#steps,
      ...(this.#used !== null && { usage: this.#used }),
      ...(desk.findings.length > 0 && end.how !== 'completed' && { reported: { findings: desk.findings } }),
    }
    const lastToolFailed = this.#lastFailure !== null
    if (end.how === 'completed') {
      const summary = this.#summary.slice(0, longestSummary) || `done in ${this.#steps} steps`
      const proof = { clean: true, lastToolFailed, changed: end.changed }
      return { how: 'completed', summary, findings: desk.findings, details: { ...details, proof } }
    }
    return { how: 'failed', failure: this.#failure(end), details }
  }

  #failure(end: Exclude<End, { readonly how: 'completed' }>): Extract<Outcome, { how: 'failed' }>['failure'] {
    switch (end.how) {
      case 'refused':
        return failureOf(end.refusal, this.#job.desk.clock.now())
      case 'over-limit':
        return { kind: 'budget', message: end.message, signature: 'budget' }
      case 'failed': {
        const kind = end.class === null ? {} : { class: end.class }
        return {
          kind: 'agent',
          message: end.message.slice(0, 1_000),
          signature: `agent ${end.message.slice(0, 100)}`,
          ...kind,
        }
      }
    }
  }
}

const resultOf = ({ id, name }: Call, { text, isError }: ToolAnswer): ToolResultPart => ({
  type: 'tool-result',
  toolCallId: id,
  toolName: name,
  output: { type: isError ? 'error-text' : 'text', value: text },
})
