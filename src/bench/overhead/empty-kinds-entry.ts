import * as z from 'zod'
import type { AgentKind } from '../../agents/agent.ts'

/** An agent that does nothing: whatever a task of it takes is what Troupe takes. */
const emptyKind: AgentKind = {
  name: 'local',
  summary: 'Does nothing.',
  options: z.strictObject({}),
  preferredMode: 'async',
  preferredWorkspace: () => 'none',
  willWrite: () => [],
  mistakes: () => [],
  load: async () => () => Promise.resolve({ how: 'completed', summary: '', findings: [], details: {} }),
}

/** Takes the place of the agents that Troupe comes with. */
export const kinds: ReadonlyMap<string, AgentKind> = new Map([[emptyKind.name, emptyKind]])
