import { RequestError } from '@agentclientprotocol/sdk'
import type { Clock } from '../../clock.ts'
import type { Launcher } from '../../processes/launcher.ts'
import { type ProgramEnd, runProgram } from '../../processes/program.ts'
import type { AgentContext } from '../agent.ts'
import type { Confined } from '../confinement/refusal.ts'
import { newOutputEnd, type OutputEnd } from './output-end.ts'

/** What terminals are opened with. */
export interface TerminalMeans {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly context: AgentContext
  /** Where commands run that name no folder. */
  readonly directory: string
  /** What every command has; its own variables go before them. */
  readonly env: Readonly<Record<string, string>>
  /** The path of a folder of the workspace. */
  readonly folder: (path: string) => Promise<Confined<string>>
}

/** What an agent orders. */
export interface TerminalOrder {
  readonly command: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly cwd?: string | null
  readonly outputByteLimit?: number | null
}

interface ExitStatus {
  readonly exitCode: number | null
  readonly signal: string | null
}

interface Terminal {
  readonly kept: OutputEnd
  readonly stop: AbortController
  readonly ended: Promise<ExitStatus>
  exit: ExitStatus | null
}

const maximumKept = 1_000_000
const maximumTerminals = 64

/** Commands that an agent has run for it, each in a process group of its own; none outlives the session. */
export class Terminals {
  readonly #means: TerminalMeans
  readonly #open = new Map<string, Terminal>()
  /** Of every command that still runs, also where its terminal is released. */
  readonly #ends = new Set<Promise<unknown>>()
  #last = 0
  #busyAt = 0
  #isClosed = false

  constructor(means: TerminalMeans) {
    this.#means = means
  }

  /** When a command last ran, on the monotonic clock: now, while one does. */
  get busyAt(): number {
    return this.#ends.size > 0 ? this.#means.clock.monotonic() : this.#busyAt
  }

  /** Starts a command; returns the id of its terminal. */
  async create(order: TerminalOrder): Promise<string> {
    if (this.#open.size >= maximumTerminals)
      throw RequestError.internalError(undefined, `no more than ${maximumTerminals} terminals at once; release some`)
    const directory = await this.#folderOf(order)
    // nobody would stop what is started now
    if (this.#isClosed) throw RequestError.internalError(undefined, 'the session is over')
    const id = `terminal-${++this.#last}`
    this.#open.set(id, this.#start(order, directory))
    return id
  }

  output(id: string): { output: string; truncated: boolean; exitStatus: ExitStatus | null } {
    const { kept, exit } = this.#get(id)
    return { ...kept.read(), exitStatus: exit }
  }

  exit(id: string): Promise<ExitStatus> {
    return this.#get(id).ended
  }

  /** Stops the command; what it has printed can still be read. */
  kill(id: string): Record<string, never> {
    this.#get(id).stop.abort()
    return {}
  }

  release(id: string): Record<string, never> {
    this.#get(id).stop.abort()
    this.#open.delete(id)
    return {}
  }

  /** Stops all that still run, and waits for their ends; none is started any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { stop } of this.#open.values()) stop.abort()
    await Promise.all(this.#ends)
  }

  async #folderOf({ cwd }: TerminalOrder): Promise<string> {
    if (typeof cwd !== 'string') return this.#means.directory
    const found = await this.#means.folder(cwd)
    if (!found.ok) throw RequestError.invalidParams(undefined, found.reason)
    return found.value
  }

  #get(id: string): Terminal {
    const found = this.#open.get(id)
    if (found === undefined) throw RequestError.resourceNotFound(id)
    return found
  }

  #start({ command, args = [], env = [], outputByteLimit }: TerminalOrder, directory: string): Terminal {
    const { clock, launcher, context } = this.#means
    const kept = newOutputEnd(Math.min(outputByteLimit ?? maximumKept, maximumKept))
    const stop = new AbortController()
    const own = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    // some agents give a whole line for the shell as the command
    const shell = args.length === 0 && /\s/.test(command)
    const ended = runProgram(
      { argv: [command, ...args], shell, directory, env: { ...this.#means.env, ...own } },
      {
        clock,
        launcher,
        signal: stop.signal,
        graceMs: context.graceMs / 4,
        started: context.started,
        output(chunk) {
          context.output(chunk)
          kept.add(chunk)
        },
      },
    ).then((end) => {
      if (end.how === 'not-started') kept.add(Buffer.from(end.message))
      terminal.exit = statusOf(end)
      this.#ends.delete(ended)
      this.#busyAt = clock.monotonic()
      return terminal.exit
    })
    this.#ends.add(ended)
    const terminal: Terminal = { kept, stop, ended, exit: null }
    return terminal
  }
}

function statusOf(end: ProgramEnd): ExitStatus {
  switch (end.how) {
    case 'exited':
      return { exitCode: end.code, signal: null }
    case 'signalled':
      return { exitCode: null, signal: end.signal }
    case 'not-started':
      return { exitCode: 127, signal: null }
    case 'stopped':
    case 'launcher-died':
      return { exitCode: null, signal: 'SIGKILL' }
  }
}
