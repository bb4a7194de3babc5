import { type MessagePort, threadId } from 'node:worker_threads'
import { openLoader, serveActor } from '../actor-side.ts'
import { portWire } from '../wire.ts'

/** What the host sends to a thread. */
export type ThreadTask =
  /** Its end of an actor's wire. */
  | { readonly port: MessagePort }
  /** The module of an actor that may come. */
  | { readonly module: string }

/** The first thing a thread says, so that the host can wait for the right thread to end. */
export interface ThreadGreeting {
  readonly threadId: number
}

const load = openLoader()

/** One task of the pool is one actor's whole life, which ends when the supervisor closes the wire; or it gets the thread ready for one. */
export async function live(task: ThreadTask): Promise<void> {
  if ('module' in task) return void (await load(task.module))
  const { port } = task
  port.postMessage({ threadId } satisfies ThreadGreeting)
  await serveActor(portWire(port), load)
}
