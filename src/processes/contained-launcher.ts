import type { Launcher } from './launcher.ts'
import { tellEnd } from './told-end.ts'

/** What a program is started in. */
export interface Container {
  /** The words in front of the program's own. */
  readonly argv: readonly string[]
  /** Variables that go before the program's own. */
  readonly environment: Readonly<Record<string, string>>
}

/** Starts programs in a container; how they end is told as without one. */
export const containedLauncher = (launcher: Launcher, { argv, environment }: Container): Launcher => ({
  start(order, listener) {
    const told = tellEnd(process.env)
    const { outside = [], inside = [] } = told ?? {}
    return launcher.start(
      {
        ...order,
        argv: [...outside, ...argv, ...inside, ...order.argv],
        environment: { ...order.environment, ...environment },
      },
      {
        started: (pid, startTime) => {
          listener.started(pid, startTime)
        },
        output: (chunk, source) => {
          listener.output(chunk, source)
        },
        ended: (exit) => {
          listener.ended(told?.ended(exit) ?? exit)
        },
      },
    )
  },
})
