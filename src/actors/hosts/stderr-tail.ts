import type { Readable } from 'node:stream'

/** How much of the end is kept, in characters: V8 prints about 2,000 after the word that memory has run out. */
const keptCharacters = 8192

/** Keeps the end of what a process prints to stderr, for the one line that says why it died. */
export class StderrTail {
  #tail = ''

  constructor(stream: Readable) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      this.#tail = (this.#tail + chunk).slice(-keptCharacters)
    })
  }

  /** The last line that tells something, or null. */
  lastWords(): string | null {
    const lines = this.#tail.split('\n').map((line) => line.trim())
    const said = lines.filter((line) => line !== '')
    return said.findLast((line) => line.startsWith('FATAL ERROR:')) ?? said.at(-1) ?? null
  }
}
