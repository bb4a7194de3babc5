import { createHash } from 'node:crypto'
import type { ActorFactory } from '../../actors/contract.ts'

/** What can be asked of it. */
export interface BenchActor {
  /** Answers at once. */
  echo(value: number): number
  /** Keeps a processor busy: hashes so many megabytes. */
  hash(megabytes: number): string
  /** Answers when the actor is asked to stop. */
  untilStopped(): Promise<void>
  /** Dies by an error that nobody catches. */
  crash(): Promise<never>
}

const megabyte = Buffer.alloc(1_000_000, 7)

/** An actor to measure hosts with. */
export const benchActor: ActorFactory = ({ signal }): BenchActor => ({
  echo: (value) => value,
  hash(megabytes) {
    const hash = createHash('sha256')
    for (let number = 0; number < megabytes; number += 1) hash.update(megabyte)
    return hash.digest('hex')
  },
  untilStopped: () =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
    }),
  async crash() {
    queueMicrotask(() => {
      throw new Error('as told')
    })
    return await new Promise<never>(() => {})
  },
})
