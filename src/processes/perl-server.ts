import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AnswerReader, type ForkserverAnswer } from './forkserver-answers.ts'
import { type Environment, isAddedTo, message, type Server, variablesOf } from './forkserver-requests.ts'
import { holdOpen } from './hold-open.ts'

/** Who hears of what a server does. */
export interface PerlServerListener {
  answered(answer: ForkserverAnswer): void
  /** The server `pid` is gone, and with it all that it would have told; undefined where it never began. */
  gone(pid: number | undefined): void
}

/** A small process that runs a script of Perl beside this file: begun when it is first needed, or before, and anew when it has died. */
export class PerlServer {
  readonly #argv: readonly [string, ...string[]]
  readonly #listener: PerlServerListener
  #server: Server | null = null
  /** The variables that the server gives to every program; a program's own come on top. */
  #common: Environment = {}

  /** @param script its name, and its arguments */
  constructor(perl: string, [script, ...args]: readonly [string, ...string[]], listener: PerlServerListener) {
    this.#argv = [perl, fileURLToPath(new URL(script, import.meta.url)), ...args]
    this.#listener = listener
  }

  /** Begins it, if it is not there; the event loop does not wait for it. */
  prepare(): void {
    if (this.#server !== null) return
    this.#server = this.#open()
    this.hold(false)
  }

  /** Asks it to start a program: `head`, the variables that it does not have already, and what is given to it. */
  start(head: readonly string[], environment: Environment, input?: Uint8Array): void {
    const { stdin } = (this.#server ??= this.#open())
    if (!isAddedTo(this.#common, environment)) {
      this.#common = environment
      stdin.write(message('E', variablesOf(environment, {})))
    }
    stdin.write(message('R', [...head, ...variablesOf(environment, this.#common)], input))
  }

  /** Any other request; dropped where there is no server to hear it. */
  tell(request: string | Buffer): void {
    this.#server?.stdin.write(request)
  }

  /** Whether the event loop waits for it. */
  hold(isHeld: boolean): void {
    if (this.#server !== null) holdOpen(this.#server, isHeld)
  }

  #open(): Server {
    const [perl, ...args] = this.#argv
    const server = spawn(perl, args, {
      env: {}, // it would hand it on
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // no signal of the terminal reaches it or its programs
      windowsHide: true,
    })
    const reader = new AnswerReader((answer) => {
      this.#listener.answered(answer)
    })
    server.stdin.on('error', () => {}) // its end says more
    server.stdout.on('data', (chunk: Buffer) => {
      reader.read(chunk)
    })
    const gone = (): void => {
      if (this.#server !== server) return
      this.#server = null
      this.#common = {}
      this.#listener.gone(server.pid)
    }
    server.once('error', gone)
    server.once('close', gone)
    return server
  }
}
