import { systemClock } from '../../clock.ts'
import type { Agent } from '../agent.ts'
import { once, preparedLauncher } from '../load-once.ts'

/** The work of an agent that speaks ACP. */
export const loadAcp = once(async (): Promise<Agent> => {
  const [{ acpAgent }, launcher] = await Promise.all([import('./acp.ts'), preparedLauncher()])
  return acpAgent(systemClock, launcher)
})
