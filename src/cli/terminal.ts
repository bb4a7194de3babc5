import { fstatSync } from 'node:fs'
import { plainLines } from '../plain-text.ts'
import { storeFailure } from '../store/store-failure.ts'

/** A place that can be drawn on. */
interface Screen {
  write(text: string): void
  /** Size of the window in characters, as it is now. */
  readonly columns: number
  readonly rows: number
}

/** What a command may use of the world outside: its arguments' folder, its output, whether people look at it. */
export interface Terminal {
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether standard error is a terminal that can be redrawn. */
  readonly live: boolean
  /** Standard error, as it is. */
  readonly screen: Screen
  /** Whether answers go to a terminal: standard output is one. */
  readonly answersSeen: boolean
  /**
   * Aborts when whoever read the answers has gone, as `head` does, or when they cannot be written, with a TroupeError as its reason:
   * answers are dropped from then on, and work goes on.
   */
  readonly readerGone: AbortSignal
  /** Answers: standard output. */
  print(text: string): void
  /** Everything else: standard error, without anything that a terminal obeys. */
  tell(text: string): void
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json: boolean
  readonly verbose: boolean
}

const reader = new AbortController()

/** That nobody reads a stream any more, or that it cannot be written, ends no work. */
function bearLossOfReaders(): void {
  if (process.stdout.listeners('error').includes(loseReader)) return
  process.stdout.on('error', loseReader)
  process.stderr.on('error', loseWatcher)
}

function loseReader(error: NodeJS.ErrnoException): void {
  reader.abort(isGone(error) ? undefined : storeFailure('the answer cannot be written', error))
}

/** With 2>&1 one reader has both, and who only watches writes nothing but what is to be seen. */
function loseWatcher(error: NodeJS.ErrnoException): void {
  if (isOneStream()) loseReader(error)
}

function isOneStream(): boolean {
  try {
    const [answers, screen] = [fstatSync(process.stdout.fd), fstatSync(process.stderr.fd)]
    return answers.dev === screen.dev && answers.ino === screen.ino
  } catch {
    return true // one of them is closed
  }
}

const isGone = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'

/** The terminal of this process. */
export function processTerminal(directory: string): Terminal {
  bearLossOfReaders()
  return {
    directory,
    environment: process.env,
    live: process.stderr.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined,
    answersSeen: process.stdout.isTTY,
    readerGone: reader.signal,
    screen: {
      write: (text) => void process.stderr.write(text),
      get columns() {
        return process.stderr.columns
      },
      get rows() {
        return process.stderr.rows
      },
    },
    print: (text) => void process.stdout.write(`${text}\n`),
    tell: (text) => void process.stderr.write(`${plainLines(text)}\n`),
  }
}

/** Whether colours are welcome (https://no-color.org). */
export const wantsColour = ({ environment }: Terminal): boolean => (environment['NO_COLOR'] ?? '') === ''
