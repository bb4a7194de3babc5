import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** How often a file was read while others wrote it, and how often it was not whole. */
export interface Seen {
  readonly reads: number
  readonly torn: number
}

/** Reads a file in a thread of its own until it is told to stop. */
export function openReader(path: string): { stop(): Promise<Seen> } {
  const worker = new Worker(new URL('reader-entry.ts', import.meta.url), { workerData: { path } })
  return {
    async stop() {
      const answer = once(worker, 'message')
      worker.postMessage('stop')
      const [seen] = (await answer) as [Seen]
      await worker.terminate()
      return seen
    },
  }
}
