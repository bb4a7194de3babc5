import { systemClock } from '../../clock.ts'
import type { Agent } from '../agent.ts'
import { once, programLauncher } from '../load-once.ts'

/** The work of a model agent. */
export const loadModel = once(async (): Promise<Agent> => {
  const [{ modelAgent }, launcher] = await Promise.all([import('./model.ts'), programLauncher()])
  return modelAgent({ clock: systemClock, launcher, environment: process.env })
})
