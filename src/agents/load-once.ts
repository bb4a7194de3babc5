import { systemClock } from '../clock.ts'
import type { Launcher } from '../processes/launcher.ts'

/** What is made at the first call serves all that follow. */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null
  return () => (made ??= make())
}

/** The launcher of this thread: it serves the programs of every kind of agent. */
export const programLauncher: () => Promise<Launcher> = once(async () => {
  const { openLauncher } = await import('../processes/open-launcher.ts')
  return openLauncher(systemClock)
})

/** The same for kinds whose agents are programs: it gets ready while they are loaded. */
export async function preparedLauncher(): Promise<Launcher> {
  const launcher = await programLauncher()
  launcher.prepare?.()
  return launcher
}
