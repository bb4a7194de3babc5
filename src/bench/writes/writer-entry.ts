import { parentPort } from 'node:worker_threads'
import type { FromWriter, ToWriter } from './way.ts'
import { writeMany } from './write-many.ts'

/** A writer in a thread or a process of its own; lives until it is taken away. */
const send = (message: FromWriter): void => {
  if (parentPort === null) process.send?.(message)
  else parentPort.postMessage(message)
}
const waiting = new Map<number, () => void>()
let updates = 0

function update(line: string): Promise<void> {
  updates += 1
  const { promise, resolve } = Promise.withResolvers<void>()
  waiting.set(updates, resolve)
  send({ type: 'update', id: updates, line })
  return promise
}

function listen(message: ToWriter): void {
  if (message.type === 'updated') {
    waiting.get(message.id)?.()
    waiting.delete(message.id)
    return
  }
  void writeMany(message.order, update).then((result) => {
    send({ type: 'done', result })
  })
}

if (parentPort === null) process.on('message', listen)
else parentPort.on('message', listen)
send({ type: 'ready' })
