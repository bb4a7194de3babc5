import { existsSync, readFileSync } from 'node:fs'
import { openBatchWriter } from '../../store/batch-writer.ts'
import { replaceFile } from '../../store/replace-file.ts'
import { fairness, quantile } from '../suite/statistics.ts'
import type { Reader } from './reader.ts'
import type { Way } from './way.ts'
import type { Update } from './write-many.ts'
import type { Writers } from './writers.ts'

/** One contest: so many writers, so many lines each, one file. */
export interface Contest {
  readonly way: Way
  /** Of a file that is not there yet. */
  readonly path: string
  readonly writers: number
  readonly writes: number
}

/** How it went. */
export interface Outcome {
  readonly wallMs: number
  /** The 99th percentile of single writes. */
  readonly p99Ms: number
  readonly lost: number
  readonly torn: number
  /** Jain's index of the writers' speeds. */
  readonly fairness: number
}

/** Who is there before the time begins. */
export interface Standing {
  readonly writers: Writers
  readonly reader: Reader
}

/** Has the writers write, a reader look on, and counts what is there in the end. */
export async function hold(
  { writers: standing, reader }: Standing,
  { way, path, writers, writes }: Contest,
): Promise<Outcome> {
  await reader.begin(way.how === 'own file' ? `${path}.0` : path)
  const orders = Array.from({ length: writers }, (_, writer) => ({ way, path, writer, writes }))
  const beganMs = performance.now()
  const results = await standing.write(orders, updateBy(way, path))
  const wallMs = performance.now() - beganMs
  const { torn } = await reader.end()
  const files = way.how === 'own file' ? orders.map(({ writer }) => `${path}.${writer}`) : [path]
  return {
    wallMs,
    p99Ms: quantile(
      results.flatMap(({ latencies }) => latencies),
      0.99,
    ),
    lost: writers * writes - new Set(files.flatMap(linesOf)).size,
    torn,
    fairness: fairness(results.map(({ totalMs }) => writes / totalMs)),
  }
}

function updateBy(way: Way, path: string): Update {
  if (way.how === 'batched') {
    const batch = openBatchWriter(path)
    return (line) => batch.update((before) => ({ content: `${before ?? ''}${line}`, result: undefined }))
  }
  return way.how === 'one writer'
    ? oneWriter(path)
    : () => Promise.reject(new RangeError('nobody has the file open for all'))
}

/** Group commit by somebody who shares the file with nobody: replaced and brought to disk once for all that wait. */
function oneWriter(path: string): Update {
  let content = ''
  let waiting: (() => void)[] = []
  const commit = (): void => {
    replaceFile(path, content, { durable: true })
    for (const resolve of waiting.splice(0)) resolve()
  }
  return (line) => {
    content += line
    const { promise, resolve } = Promise.withResolvers<void>()
    if (waiting.push(resolve) === 1) setImmediate(commit)
    return promise
  }
}

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
