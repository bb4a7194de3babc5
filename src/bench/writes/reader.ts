import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** How often a file was read while others wrote it, and how often it was not whole. */
export interface Seen {
  readonly reads: number
  readonly torn: number
}

/** A thread that reads one file after the other, again and again each. */
export interface Reader extends AsyncDisposable {
  /** Resolves once it reads that file, so that its start disturbs nobody. */
  begin(path: string): Promise<void>
  /** Ends the reading that was begun. */
  end(): Promise<Seen>
}

/** Starts it. */
export function openReader(): Reader {
  const worker = new Worker(new URL('reader-entry.ts', import.meta.url))
  const ask = async (message: string | null): Promise<unknown> => {
    const answer = once(worker, 'message')
    worker.postMessage(message)
    return ((await answer) as readonly unknown[])[0]
  }
  return {
    begin: async (path) => void (await ask(path)),
    end: async () => (await ask(null)) as Seen,
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}
