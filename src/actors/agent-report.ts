import { stripVTControlCharacters } from 'node:util'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { RedactedStream, Redactor } from '../redaction.ts'
import { type AttemptLog, openAttemptLog } from '../store/attempt-log.ts'
import type { AgentActorInput, AgentEvent } from './agent-api.ts'
import { Throttle } from './throttle.ts'

/** How often output and progress are told, in milliseconds: for eyes and for the stall watch, not for the record. */
const periodMs = 100
const lineCharacters = 200

/** What the log of an attempt does not hold: why nothing more could be written, or how much was cut out of too much. */
export interface MissingOutput {
  readonly logTrouble?: string
  /** Bytes that the agent printed, and those of them that were left out. */
  readonly output?: { readonly bytes: number; readonly cut: number }
}

/** Where the output goes, and what nobody may see of it. */
interface ReportParts extends Pick<AgentActorInput, 'log'> {
  readonly hide: Redactor
}

/** What an agent says while it works: all output into the attempt's log, the latest of it to the supervisor. */
export class AgentReport {
  readonly #emit: (event: AgentEvent) => void
  readonly #log: AttemptLog | null
  readonly #outputThrottle: Throttle
  readonly #progressThrottle: Throttle
  readonly #hide: Redactor
  readonly #output: RedactedStream
  #lastChunk: string | Uint8Array = ''
  #lastProgress = ''
  #trouble: string | null = null

  constructor({ log, hide }: ReportParts, clock: Clock, emit: (event: AgentEvent) => void) {
    this.#emit = emit
    this.#hide = hide
    this.#output = hide.stream()
    this.#log = log === null ? null : openAttemptLog(log.path, log)
    this.#outputThrottle = new Throttle(periodMs, clock, () => {
      emit({ type: 'output', line: hide.text(this.#log?.lastLine() ?? lastLineOf(this.#lastChunk)) })
    })
    this.#progressThrottle = new Throttle(periodMs, clock, () => {
      emit({ type: 'progress', line: this.#lastProgress })
    })
  }

  output(chunk: string | Uint8Array): void {
    this.#write(this.#hide.isIdle ? chunk : this.#output.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    this.#outputThrottle.request()
  }

  #write(chunk: string | Uint8Array): void {
    this.#guarded(() => this.#log?.write(chunk))
    this.#lastChunk = chunk
  }

  progress(line: string): void {
    this.#lastProgress = this.#hide.text(line)
    this.#progressThrottle.request()
  }

  started(process: ProcessIdentity): void {
    this.#emit({ type: 'process', process })
  }

  /** Tells what is owed and closes the log; returns what the log does not hold, for the result. */
  close(): MissingOutput {
    if (!this.#hide.isIdle) this.#write(this.#output.end())
    this.#outputThrottle.flush()
    this.#progressThrottle.flush()
    let written = { bytes: 0, cut: 0 }
    this.#guarded(() => {
      if (this.#log !== null) written = this.#log.close()
    })
    if (this.#trouble !== null) return { logTrouble: this.#trouble }
    return written.cut === 0 ? {} : { output: written }
  }

  /** A full disk costs the log, not the work: output comes where nobody could catch. */
  #guarded(write: () => void): void {
    if (this.#trouble !== null) return
    try {
      write()
    } catch (error) {
      this.#trouble = messageOf(error)
    }
  }
}

function lastLineOf(chunk: string | Uint8Array): string {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
  return (
    stripVTControlCharacters(text.slice(-1024))
      .split(/[\r\n]+/)
      .findLast((line) => line.trim() !== '')
      ?.trim()
      .slice(0, lineCharacters) ?? ''
  )
}
