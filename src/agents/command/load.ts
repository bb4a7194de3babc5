import { systemClock } from '../../clock.ts'
import type { Agent } from '../agent.ts'
import { once, preparedLauncher } from '../load-once.ts'

/** The work of a command agent. */
export const loadCommand = once(async (): Promise<Agent> => {
  const [{ commandAgent }, launcher] = await Promise.all([import('./command.ts'), preparedLauncher()])
  return commandAgent(systemClock, launcher)
})
