import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** How often a file was read while others wrote it, and how often it was not whole. */
export interface Seen {
  readonly reads: number
  readonly torn: number
}

/** Reads a file in a thread of its own until it is told to stop; resolves once it reads, so that its start disturbs nobody. */
export async function openReader(path: string): Promise<{ stop(): Promise<Seen> }> {
  const worker = new Worker(new URL('reader-entry.ts', import.meta.url), { workerData: { path } })
  await once(worker, 'message')
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
