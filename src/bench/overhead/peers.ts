import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Queue, Worker } from 'bullmq'
import PQueue from 'p-queue'
import { Piscina } from 'piscina'
import { FixedThreadPool } from 'poolifier'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import type { PeerName } from './peer-names.ts'
import type { PeersOrder } from './trial.ts'

/** One that carries out empty tasks. */
export interface Peer {
  /** Resolves when so many have been done. */
  run(tasks: number): Promise<unknown>
  close(): Promise<unknown>
}

type Open = (order: PeersOrder) => Promise<Peer>

const workers = availableParallelism()
const pathOf = (entry: string): string => fileURLToPath(new URL(entry, import.meta.url))

/** Keeps as many under way as the order says. */
async function keepUnderWay(tasks: number, window: number, one: () => unknown): Promise<void> {
  let left = tasks
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: window }, lane))
}

const pool =
  (open: () => { one: () => unknown; close: () => unknown }): Open =>
  async ({ window }) => {
    const { one, close } = open()
    return { run: (tasks) => keepUnderWay(tasks, window, one), close: async () => close() }
  }

const piscina = (concurrentTasksPerWorker: number): Open =>
  pool(() => {
    const filename = pathOf('empty-task-entry.ts')
    const opened = new Piscina({ filename, minThreads: workers, maxThreads: workers, concurrentTasksPerWorker })
    return { one: () => opened.run(null, { name: 'emptyTask' }), close: () => opened.destroy() }
  })

const tinypool = (runtime: 'worker_threads' | 'child_process'): Open =>
  pool(() => {
    const filename = pathOf('empty-task-entry.ts')
    const opened = new Tinypool({ filename, runtime, minThreads: workers, maxThreads: workers })
    return { one: () => opened.run(null, { name: 'emptyTask' }), close: () => opened.destroy() }
  })

/** Its jobs are all there at once, added in bulk, which is the quickest way to give it work. */
const bullmq: Open = async ({ window, redisPort }) => {
  const connection = { host: '127.0.0.1', port: redisPort ?? 0, maxRetriesPerRequest: null }
  const queue = new Queue('empty', { connection })
  const worker = new Worker('empty', () => Promise.resolve(), { connection, concurrency: window })
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  return {
    async run(tasks) {
      const done = Promise.withResolvers<void>()
      let left = tasks
      const count = (): void => {
        left -= 1
        if (left === 0) done.resolve()
      }
      worker.on('completed', count)
      const jobs = Array.from({ length: tasks }, () => ({ name: 'empty', data: {}, opts: { removeOnComplete: true } }))
      await queue.addBulk(jobs)
      await done.promise
      worker.off('completed', count)
    },
    close: () => Promise.all([worker.close(), queue.close()]),
  }
}

/** By name. */
export const peers: Readonly<Record<PeerName, Open>> = {
  'piscina, one task a worker': piscina(1),
  'piscina, 16 tasks a worker': piscina(16),
  'tinypool, threads': tinypool('worker_threads'),
  'tinypool, processes': tinypool('child_process'),
  'workerpool, threads': pool(() => {
    const bounds = { workerType: 'thread', minWorkers: workers, maxWorkers: workers } as const
    const opened = workerpool.pool(pathOf('workerpool-entry.ts'), bounds)
    return { one: () => opened.exec('empty', []), close: () => opened.terminate() }
  }),
  'poolifier, threads': pool(() => {
    const opened = new FixedThreadPool<undefined, undefined>(workers, pathOf('poolifier-entry.ts'))
    return { one: () => opened.execute(), close: () => opened.destroy() }
  }),
  'p-queue, in process': async ({ window }) => {
    const queue = new PQueue({ concurrency: window })
    return {
      async run(tasks) {
        for (let number = 0; number < tasks; number += 1) void queue.add(() => Promise.resolve())
        await queue.onIdle()
      },
      close: () => Promise.resolve(),
    }
  },
  'BullMQ, local Redis': bullmq,
}
