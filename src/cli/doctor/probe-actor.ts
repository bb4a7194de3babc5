import type { ActorFactory } from '../../actors/contract.ts'

/** What the doctor asks of an actor. */
export interface Probe {
  answer(): 'alive'
}

/** The smallest actor: shows that a host can start one and talk to it. */
export const probeActor: ActorFactory = (): Probe => ({ answer: () => 'alive' })
