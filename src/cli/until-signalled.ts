import { exitCodes } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Does work that starts programs; a signal ends them, and this process once the work has cleared up. */
export async function untilSignalled<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of signals) process.once(signal, stop)
  try {
    const result = await work(stopped.signal)
    if (stopped.signal.aborted) process.exit(exitCodes.interrupted)
    return result
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}
