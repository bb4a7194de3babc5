import { fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import type { Mode } from '../../plan/task.ts'
import type { FromWriter, ToWriter, WriteOrder, WriteResult } from './way.ts'
import { type Update, writeMany } from './write-many.ts'

/** Writers that stand ready, so that their start is not part of what is measured. */
export interface Writers extends AsyncDisposable {
  /** Has each carry out an order at once. */
  write(orders: readonly WriteOrder[], update: Update): Promise<readonly WriteResult[]>
}

/** Starts so many writers. */
export async function openWriters(mode: Mode, count: number): Promise<Writers> {
  if (mode === 'async')
    return {
      write: (orders, update) => Promise.all(orders.map((order) => writeMany(order, update))),
      async [Symbol.asyncDispose]() {},
    }
  const open = mode === 'thread' ? openThread : openProcess
  const writers = Array.from({ length: count }, () => new Writer(open))
  await Promise.all(writers.map(({ ready }) => ready))
  return {
    write: (orders, update) =>
      Promise.all(
        orders.map(
          (order, number) => writers[number]?.write(order, update) ?? Promise.reject(new RangeError('too few writers')),
        ),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(writers.map((writer) => writer.close()))
    },
  }
}

interface Line {
  send(message: ToWriter): void
  listen(told: (message: FromWriter) => void): void
  close(): Promise<void>
}

const entry = new URL('writer-entry.ts', import.meta.url)

function openThread(): Line {
  const worker = new Worker(entry)
  return {
    send: (message) => {
      worker.postMessage(message)
    },
    listen: (told) => worker.on('message', told),
    close: async () => void (await worker.terminate()),
  }
}

function openProcess(): Line {
  const child = fork(entry, { serialization: 'advanced' })
  const gone = Promise.withResolvers<void>()
  child.once('exit', () => {
    gone.resolve()
  })
  return {
    send: (message) => child.send(message),
    listen: (told) => child.on('message', told),
    close: () => {
      child.kill('SIGKILL')
      return gone.promise
    },
  }
}

class Writer {
  readonly ready: Promise<void>
  readonly #line: Line
  #update: Update = () => Promise.resolve()
  #done = Promise.withResolvers<WriteResult>()

  constructor(open: () => Line) {
    this.#line = open()
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.#line.listen((message) => {
      if (message.type === 'ready') ready.resolve()
      else if (message.type === 'done') this.#done.resolve(message.result)
      else
        void this.#update(message.line).then(() => {
          this.#line.send({ type: 'updated', id: message.id })
        })
    })
  }

  write(order: WriteOrder, update: Update): Promise<WriteResult> {
    this.#update = update
    this.#done = Promise.withResolvers()
    this.#line.send({ type: 'write', order })
    return this.#done.promise
  }

  close(): Promise<void> {
    return this.#line.close()
  }
}
