import type { ActorFactory } from '../actors/contract.ts'

/** How the actor is to die by itself. */
export type Death = 'exit' | 'uncaught error'

/** What can be asked of it. */
export interface DyingActor {
  /** Never answers. */
  die(how: Death): Promise<void>
}

/** An actor that dies as it is told. */
export const dyingActor: ActorFactory = (): DyingActor => ({
  async die(how) {
    switch (how) {
      case 'exit':
        process.exit(3)
      case 'uncaught error':
        queueMicrotask(() => {
          throw new Error('as told')
        })
        return await new Promise<never>(() => {})
    }
  },
})
