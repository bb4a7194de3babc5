import { type MessagePort, threadId } from 'node:worker_threads'
import { openLoader, serveActor } from '../actor-side.ts'
import { portWire } from '../wire.ts'

/** What the host sends to a thread: its end of the actor's wire. */
export interface ThreadTask {
  readonly port: MessagePort
}

/** The first thing a thread says, so that the host can wait for the right thread to end. */
export interface ThreadGreeting {
  readonly threadId: number
}

const load = openLoader()

/** One task of the pool is one actor's whole life: it ends when the supervisor closes the wire. */
export async function live({ port }: ThreadTask): Promise<void> {
  port.postMessage({ threadId } satisfies ThreadGreeting)
  await serveActor(portWire(port), load)
}
