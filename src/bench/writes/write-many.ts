import { readFile, writeFile } from 'node:fs/promises'
import lockfile from 'proper-lockfile'
import { updateLocked } from '../../store/locked-file.ts'
import { replaceFile } from '../../store/replace-file.ts'
import type { Way, WriteOrder, WriteResult } from './way.ts'

/** Asks the one who has the file open for all; resolves when the line is on disk. */
export type Update = (line: string) => Promise<void>

/** Writes its lines one after the other. */
export async function writeMany({ way, path, writer, writes }: WriteOrder, update: Update): Promise<WriteResult> {
  const write = writeBy(way, { path: way.how === 'own file' ? `${path}.${writer}` : path, update })
  const latencies: number[] = []
  const beganMs = performance.now()
  for (let number = 0; number < writes; number += 1) {
    const startedMs = performance.now()
    await write(`${writer} ${number}\n`)
    latencies.push(performance.now() - startedMs)
  }
  return { latencies, totalMs: performance.now() - beganMs }
}

interface Target {
  readonly path: string
  readonly update: Update
}

function writeBy(way: Way, { path, update }: Target): Update {
  switch (way.how) {
    case 'unguarded':
      return async (line) => writeFile(path, (await contentOf(path)) + line)
    case 'locked':
      return async (line) => {
        const release = await lockfile.lock(path, { realpath: false, retries: way.retries })
        replaceFile(path, (await contentOf(path)) + line)
        await release()
      }
    case 'fenced':
      return (line) => updateLocked(path, (before) => ({ content: `${before ?? ''}${line}`, result: undefined }))
    case 'own file': {
      let content = ''
      return async (line) => {
        content += line
        replaceFile(path, content)
        await Promise.resolve()
      }
    }
    case 'batched':
    case 'one writer':
      return update
  }
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return ''
  }
}
