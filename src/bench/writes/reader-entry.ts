import { readFile } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'
import type { Seen } from './reader.ts'

/** Reads the file that it is told of again and again until it is told `null`; answers how often, and how often it saw no whole lines. */
let path: string | null = null
parentPort?.on('message', (next: string | null) => {
  path = next
  if (next === null) return
  void look(next).then((seen) => parentPort?.postMessage(seen))
  parentPort?.postMessage('reading')
})

async function look(file: string): Promise<Seen> {
  const seen = { reads: 0, torn: 0 }
  while (path === file) {
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text !== null) {
      seen.reads += 1
      if (!text.endsWith('\n') || /^(?!\d+ \d+$)./m.test(text)) seen.torn += 1
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    systemClock.after(1, resolve)
    await promise
  }
  return seen
}
