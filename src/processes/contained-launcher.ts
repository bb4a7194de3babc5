import type { Launcher } from './launcher.ts'

/** What a program is started in. */
export interface Container {
  /** The words in front of the program's own. */
  readonly argv: readonly string[]
  /** Variables that go before the program's own. */
  readonly environment: Readonly<Record<string, string>>
}

/** Starts programs in a container. */
export const containedLauncher = (launcher: Launcher, { argv, environment }: Container): Launcher => ({
  start: (order, listener) =>
    launcher.start(
      { ...order, argv: [...argv, ...order.argv], environment: { ...order.environment, ...environment } },
      listener,
    ),
})
