import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { ProgramExit } from './launcher.ts'

/** What the forkserver says; forkserver.pl documents the lines. */
export type ForkserverAnswer =
  | { readonly type: 'started'; readonly id: number; readonly pid: number; readonly startTime: number | null }
  | { readonly type: 'output'; readonly id: number; readonly source: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'failed'; readonly id: number; readonly what: string; readonly errno: number }
  | { readonly type: 'exited'; readonly id: number; readonly code: number; readonly signal: number }

/** Cuts the forkserver's stream into answers; output is passed on as it comes, in pieces when it comes in pieces. */
export class AnswerReader {
  readonly #answer: (answer: ForkserverAnswer) => void
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes of output that are still to come, and whose they are. */
  #due = 0
  #output: { readonly id: number; readonly source: 'stdout' | 'stderr' } | null = null

  constructor(answer: (answer: ForkserverAnswer) => void) {
    this.#answer = answer
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at < bytes.length) {
      if (this.#output !== null) {
        at = this.#passOn(bytes, at, this.#output)
        continue
      }
      const end = bytes.indexOf(10, at)
      if (end === -1) break
      this.#line(bytes.toString('latin1', at, end))
      at = end + 1
    }
    this.#rest = bytes.subarray(at)
  }

  #passOn(bytes: Buffer, at: number, output: { readonly id: number; readonly source: 'stdout' | 'stderr' }): number {
    const end = Math.min(bytes.length, at + this.#due)
    this.#due -= end - at
    if (this.#due === 0) this.#output = null
    this.#answer({ type: 'output', ...output, bytes: bytes.subarray(at, end) })
    return end
  }

  #line(line: string): void {
    const [type = '', number, first = '', second = ''] = line.split(' ')
    const id = Number(number)
    switch (type) {
      case 'S':
        this.#answer({ type: 'started', id, pid: Number(first), startTime: second === '-' ? null : Number(second) })
        return
      case 'O':
        this.#output = { id, source: first === '1' ? 'stdout' : 'stderr' }
        this.#due = Number(second)
        return
      case 'F':
        this.#answer({ type: 'failed', id, what: first, errno: Number(second) })
        return
      case 'X':
        this.#answer({ type: 'exited', id, code: Number(first), signal: Number(second) })
        return
      default:
        throw new Error(`the forkserver said ${JSON.stringify(line)}`)
    }
  }
}

/** How a program ended that could not be started. */
export function failedStart({ what, errno }: Extract<ForkserverAnswer, { readonly type: 'failed' }>): ProgramExit {
  const code = getSystemErrorName(-errno)
  return { how: 'not-started', code, message: `${what} failed: ${code}` }
}

/** How a program ended. */
export function exitOf({ code, signal }: Extract<ForkserverAnswer, { readonly type: 'exited' }>): ProgramExit {
  return signal === 0 ? { how: 'exited', code } : { how: 'signalled', signal: signalNames.get(signal) ?? 'SIGKILL' }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]))
