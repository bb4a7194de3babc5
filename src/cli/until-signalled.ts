import { removeTree } from '../changes/remove-tree.ts'
import { exitCodes } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Does work that starts programs, in a folder that is gone afterwards; a signal ends them, and then this process. */
export async function untilSignalled<Result>(
  folder: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of signals) process.once(signal, stop)
  try {
    const result = await workIn(folder, work(stopped.signal))
    if (stopped.signal.aborted) process.exit(exitCodes.interrupted)
    return result
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

async function workIn<Result>(folder: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } finally {
    await removeTree(folder)
  }
}
