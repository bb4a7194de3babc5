import { threadId } from 'node:worker_threads'
import type { ActorFactory } from 'troupe/supervisor'

/** What the service offers. */
export interface Fragile {
  square(value: number): number
}

/** Which piece of work, counted from 1, an incarnation dies at; and whether its host can take a crash. */
export interface FragileInput {
  readonly diesAt: number
  readonly crash: boolean
}

/** Squares numbers, and dies amid the work now and then, as services do. */
export const actor: ActorFactory = ({ input, emit, finish }) => {
  const { diesAt, crash } = input as FragileInput
  let pieces = 0
  const service: Fragile = {
    square(value) {
      pieces += 1
      if (pieces < diesAt) return value * value
      emit(`dies at ${value}`)
      // in the supervisor's own event loop a crash would be everybody's: there it leaves by itself
      if (!crash) finish()
      else if (threadId === 0) process.kill(process.pid, 'SIGKILL')
      else process.exit(1)
      throw new Error('it is dying')
    },
  }
  return service
}
