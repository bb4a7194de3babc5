import type { Agent } from '../agent.ts'

/** The work of a local agent. */
export async function loadLocal(): Promise<Agent> {
  const [{ localAgent }, { loadParser }] = await Promise.all([import('./local.ts'), import('../../syntax/parser.ts')])
  return localAgent(loadParser())
}
