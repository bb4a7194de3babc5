import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { getSystemErrorName } from 'node:util'
import { AnswerReader, type ForkserverAnswer } from './forkserver-answers.ts'
import type { Launcher, ProgramExit, ProgramListener, ProgramOrder, RunningProgram } from './launcher.ts'

type Server = ChildProcessByStdio<Writable, Readable, null>

/**
 * Starts programs from a small process of its own (forkserver.pl), so that a start costs the same however large this one is,
 * does not block its event loop, and everything started dies with it.
 * The server keeps this process alive only while a program runs. When it dies itself, its programs end as killed and the
 * next start makes a new one.
 */
export class Forkserver implements Launcher {
  readonly #listeners = new Map<number, ProgramListener>()
  readonly #perl: string
  #server: Server | null = null
  #lastId = 0

  constructor(perl: string) {
    this.#perl = perl
  }

  start(order: ProgramOrder, listener: ProgramListener): RunningProgram {
    const id = ++this.#lastId
    const server = (this.#server ??= this.#open())
    if (this.#listeners.size === 0) holdOpen(server, true)
    this.#listeners.set(id, listener)
    server.stdin.write(requestOf(id, order))
    return {
      signal: (name) => {
        if (this.#listeners.has(id) && this.#server === server) server.stdin.write(`K ${id} ${name.slice(3)}\n`)
      },
    }
  }

  #open(): Server {
    const server = spawn(this.#perl, [program], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      windowsHide: true,
    })
    const reader = new AnswerReader((answer) => {
      this.#answered(answer)
    })
    server.stdin.on('error', () => {}) // its end says more
    server.stdout.on('data', (chunk: Buffer) => {
      reader.read(chunk)
    })
    const gone = (): void => {
      this.#gone(server)
    }
    server.once('error', gone)
    server.once('close', gone)
    return server
  }

  #answered(answer: ForkserverAnswer): void {
    const listener = this.#listeners.get(answer.id)
    if (listener === undefined) return
    switch (answer.type) {
      case 'started':
        listener.started(answer.pid, answer.startTime)
        return
      case 'output':
        listener.output(answer.bytes, answer.source)
        return
      case 'failed':
        this.#end(answer.id, listener, failedStart(answer))
        return
      case 'exited':
        this.#end(answer.id, listener, exitOf(answer))
        return
    }
  }

  #end(id: number, listener: ProgramListener, exit: ProgramExit): void {
    this.#listeners.delete(id)
    if (this.#listeners.size === 0 && this.#server !== null) holdOpen(this.#server, false)
    listener.ended(exit)
  }

  #gone(server: Server): void {
    if (this.#server !== server) return
    this.#server = null
    const orphans = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const orphan of orphans) orphan.ended({ how: 'signalled', signal: 'SIGKILL' })
  }
}

const program = fileURLToPath(new URL('./forkserver.pl', import.meta.url))

function requestOf(id: number, { argv, directory, environment }: ProgramOrder): Buffer {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const fields = Buffer.from([id, directory, argv.length, ...argv, ...variables].join('\0'))
  return Buffer.concat([Buffer.from(`R ${fields.length}\n`), fields])
}

/** Whether the event loop waits for the server. */
function holdOpen(server: Server, hold: boolean): void {
  for (const handle of [server, server.stdin, server.stdout] as unknown as readonly { ref(): void; unref(): void }[]) {
    if (hold) handle.ref()
    else handle.unref()
  }
}

function failedStart({ what, errno }: Extract<ForkserverAnswer, { readonly type: 'failed' }>): ProgramExit {
  const code = getSystemErrorName(-errno)
  return { how: 'not-started', code, message: `${what} failed: ${code}` }
}

function exitOf({ code, signal }: Extract<ForkserverAnswer, { readonly type: 'exited' }>): ProgramExit {
  return signal === 0 ? { how: 'exited', code } : { how: 'signalled', signal: signalNames.get(signal) ?? 'SIGKILL' }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]))
