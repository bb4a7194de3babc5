import { exitCodes } from '../errors.ts'
import type { RunUnderWay } from './conduct-run.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** The first signal stops a run politely, the second by force, the third leaves at once. Returns how to stop listening. */
export function onInterrupts(run: RunUnderWay, tell: (text: string) => void): () => void {
  let count = 0
  const onSignal = (): void => {
    count += 1
    if (count === 1) {
      tell('stopping politely; once more to stop at once')
      run.stop('graceful', 'interrupted')
    } else if (count === 2) {
      tell('stopping at once')
      run.stop('hard', 'interrupted twice')
    } else process.exit(exitCodes.interrupted)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
