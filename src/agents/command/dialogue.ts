import type { ProgramInput } from '../../processes/launcher.ts'
import { newTerminalText, type TerminalText } from '../../processes/terminal-text.ts'

/** What is typed where a program asks something. */
export interface Answer {
  /** A regular expression for the end of what it has said. */
  readonly when: string
  readonly say: string
  /** Whether Enter is pressed after it. */
  readonly enter: boolean
}

/** Nobody is there: what would wait for a person goes on, or ends. */
const known: readonly Answer[] = [
  { when: String.raw`press (?:any key|enter|return)[^\n]{0,40}$`, say: '', enter: true },
  { when: String.raw`(?:\(END\)|--More--[^\n]{0,20})\s*$`, say: 'q', enter: false },
  { when: String.raw`continue connecting \(yes/no[^\n]*\)\?\s*$`, say: 'no', enter: true },
]

const remembered = 2_000
const atMost = 1_000

/** What goes on in a program's terminal: what it says, as plain text, and what is typed, by a table that goes before what is known. */
export class Dialogue {
  readonly #table: readonly { readonly pattern: RegExp; readonly typed: string }[]
  readonly #text: TerminalText
  #input: ProgramInput | null = null
  #unanswered = ''
  #count = 0

  constructor(answers: readonly Answer[]) {
    this.#text = newTerminalText((text) => this.#type(text))
    this.#table = [...answers, ...known].map(({ when, say, enter }) => ({
      pattern: new RegExp(when, 'i'),
      typed: `${say}${enter ? '\r' : ''}`,
    }))
  }

  /** Gives it what is typed into. */
  open(input: ProgramInput): void {
    this.#input = input
  }

  /** Takes what the program has printed, and answers it; returns the text in it. */
  hear(chunk: Uint8Array): string {
    const text = this.#text.add(chunk)
    this.#unanswered = (this.#unanswered + text).slice(-remembered)
    const found = this.#table.find(({ pattern }) => pattern.test(this.#unanswered))
    if (found === undefined || this.#count >= atMost) return text
    // what was answered once is not asked again
    this.#unanswered = ''
    this.#count++
    this.#type(found.typed)
    return text
  }

  #type(text: string): void {
    this.#input?.write(Buffer.from(text))
  }
}
