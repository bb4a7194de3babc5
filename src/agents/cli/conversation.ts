import { isAbsolute, relative, resolve, sep } from 'node:path'
import { messageOf } from '../../errors.ts'
import { type ProgramInput, noInput } from '../../processes/launcher.ts'
import { type Program, type ProgramEnd, runProgram } from '../../processes/program.ts'
import { newTail, type Tail } from '../command/tail.ts'
import { confine } from '../confinement/confinement.ts'
import { placeAnswerOf, refusalOf } from '../provider/refusal.ts'
import { promptOf } from '../task-prompt.ts'
import { Account, type Shown } from './account.ts'
import { JsonLines } from './json-lines.ts'
import { type Linger, newLinger } from './linger.ts'
import type { Attempt, Means } from './order.ts'
import type { Question, Speech } from './preset.ts'
import type { AgainSign, ReadSigns, Sign, ToldError, ToolSign } from './sign.ts'

/** What was heard of a program, and how it ended. */
export interface Heard {
  readonly account: Account
  readonly errors: Tail
  readonly end: ProgramEnd
  /** Whether the provider's others know already of the refusal that it ended with. */
  readonly isRefusalTold: boolean
  /** Whether it was ended because it had told its end and did not exit. */
  readonly hasLingered: boolean
}

/** Some programs try again for ever, and say so: what they wait for is the governor's to wait for. */
const triesAgain = 8

/** Gives the program its prompt, hears what it tells, and answers what it asks, at once and without a person. */
export async function converse(program: Program, attempt: Attempt, means: Means): Promise<Heard> {
  const { clock, launcher, context } = means
  const errors = newTail()
  const ear = new Ear(attempt, means)
  const lines = new JsonLines({ event: (event) => ear.event(event), stray: (line) => ear.stray(line) })
  const errorLines = new JsonLines({
    event: (event) => ear.stray(JSON.stringify(event)),
    stray: (line) => ear.stray(line),
  })
  const end = await runProgram(program, {
    clock,
    launcher,
    signal: AbortSignal.any([context.signal, ear.givenUp]),
    graceMs: context.graceMs,
    started: context.started,
    input(input) {
      input.write(Buffer.from(ear.speech?.opening ?? ear.prompt))
      if (ear.speech === null) input.end()
      else ear.input = input
    },
    ...(ear.speech?.farewell !== undefined && { leave: () => ear.leave() }),
    output(chunk, source) {
      if (source === 'stdout') return lines.receive(chunk)
      errors.add(chunk)
      errorLines.receive(chunk)
    },
  })
  ear.linger.end()
  lines.close()
  errorLines.close()
  const { account, isRefusalTold, hasLingered } = ear
  return { account, errors, end, isRefusalTold, hasLingered: hasLingered && end.how === 'stopped' }
}

/** Hears a program: writes down what it tells, and answers what it asks. */
class Ear {
  readonly account = new Account()
  readonly prompt: string
  /** Null where it is told its prompt, and nothing else. */
  readonly speech: Speech | null
  readonly linger: Linger
  input: ProgramInput = noInput
  hasLingered = false
  readonly #signs: ReadSigns
  readonly #attempt: Attempt
  readonly #means: Means
  readonly #givenUp = new AbortController()
  /** The last refusal that the provider's others were told of. */
  #told: AgainSign | null = null

  constructor(attempt: Attempt, means: Means) {
    this.#attempt = attempt
    this.#means = means
    const { assignment, preset, settings, expects } = attempt
    this.prompt = `${promptOf(assignment, expects)}\n`
    this.speech = preset.speech?.({ prompt: this.prompt, directory: assignment.directory, settings }) ?? null
    this.#signs = this.speech?.signs ?? preset.signs
    this.linger = newLinger(means.clock, () => {
      this.hasLingered = true
      this.#context.output('[ended] it told its end, but did not exit\n')
      this.#givenUp.abort()
    })
  }

  get #context(): Means['context'] {
    return this.#means.context
  }

  /** Aborts when nothing more is to be expected. */
  get givenUp(): AbortSignal {
    return this.#givenUp.signal
  }

  get isRefusalTold(): boolean {
    const { again, end } = this.account
    return this.#told !== null && again !== null && (end === null || this.#told.mayBeLast === true)
  }

  event(event: object): void {
    const called = this.speech?.read(event) ?? null
    if (typeof called === 'string') this.#say(called)
    else if (called !== null) void this.#answer(called)
    for (const sign of this.#signs(event)) this.#hear(sign)
    if (this.account.againCount >= triesAgain) this.#givenUp.abort()
  }

  stray(line: string): void {
    this.#context.output(`${line}\n`)
    for (const sign of this.#attempt.preset.straySigns?.(line) ?? []) this.#hear(sign)
  }

  /** Asks the program to break off; what does nothing ends with its input. */
  leave(): void {
    const words = this.speech?.farewell?.() ?? ''
    if (words === '') this.input.end()
    else this.#say(words)
  }

  #hear(sign: Sign): void {
    this.#show(this.account.hear(sign))
    if (sign.type === 'usage') this.#context.used(sign.usage)
    if (sign.type === 'again') this.#told = this.#refused(sign.error) ? sign : null
    if (sign.type === 'tool' && sign.status === 'began' && !this.#isAsked) this.#hold(sign)
    this.linger.hear(sign)
    // it waits for another prompt
    if (sign.type === 'end') this.input.end()
  }

  /** Others who share the provider should know of what this program gets over by itself. */
  #refused(error: ToldError | undefined): boolean {
    if (error === undefined) return false
    const { clock, place } = this.#means
    const answer = placeAnswerOf(refusalOf(error, clock.now()))
    if (answer.how === 'refused') place.refused(answer)
    return answer.how === 'refused'
  }

  #show({ log, progress }: Shown): void {
    if (log !== '') this.#context.output(log)
    if (progress !== null) this.#context.progress(progress)
  }

  /** Whether it asks before it writes. */
  get #isAsked(): boolean {
    const { preset, settings } = this.#attempt
    return preset.speech !== undefined && settings.access === 'write'
  }

  /** Lets the supervisor know of files before others write them, where nobody is asked. */
  #hold({ writes = [] }: ToolSign): void {
    const { directory } = this.#attempt.assignment
    const paths = writes.map((path) => relative(directory, resolve(directory, path))).filter(isInside)
    if (paths.length === 0) return
    void this.#context.mayWrite(paths).then(
      (answer) => {
        if (!answer.allowed) this.#show(this.account.deny(`${answer.reason}, and was written all the same`))
      },
      () => {}, // it is being stopped
    )
  }

  async #answer(question: Question): Promise<void> {
    const refusal = await this.#refusalOf(question).catch(messageOf)
    if (refusal !== null) this.#show(this.account.deny(`${question.what}: ${refusal}`))
    this.#say(question.answer(refusal))
  }

  #say(words: string): void {
    this.input.write(Buffer.from(words))
  }

  async #refusalOf({ what, writes }: Question): Promise<string | null> {
    if (writes.length === 0) return `nobody is there to allow ${what}: do without`
    const { directory } = this.#attempt.assignment
    const answer = await confine(directory, (paths) => this.#context.mayWrite(paths)).allow(writes)
    return answer.ok ? null : answer.reason
  }
}

const isInside = (path: string): boolean => path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
