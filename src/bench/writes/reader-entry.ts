import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'

/** Reads a file again and again until it is told to stop; answers how often, and how often it saw no whole lines. */
const { path } = workerData as { readonly path: string }
const seen = { reads: 0, torn: 0 }
let isOver = false
parentPort?.once('message', () => {
  isOver = true
})
parentPort?.postMessage('ready')
while (!isOver) {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text !== null) {
    seen.reads += 1
    if (!text.endsWith('\n') || /^(?!\d+ \d+$)./m.test(text)) seen.torn += 1
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  systemClock.after(1, resolve)
  await promise
}
parentPort?.postMessage(seen)
