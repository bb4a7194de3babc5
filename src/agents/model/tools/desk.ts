import type { AgentContext, Assignment, Finding } from '../../agent.ts'
import type { Confinement } from '../../confinement/confinement.ts'
import type { Clock } from '../../../clock.ts'
import type { Launcher } from '../../../processes/launcher.ts'

/** What the tools of one attempt work with. */
export interface Desk {
  readonly assignment: Assignment
  readonly context: AgentContext
  readonly clock: Clock
  readonly launcher: Launcher
  readonly files: Confinement
  /** The whole environment of commands. */
  readonly environment: Readonly<Record<string, string>>
  readonly commandMs: number
  readonly findings: Finding[]
  /** Files that were changed by tools, and how they were. */
  readonly written: Set<string>
  /** Called before a command runs, which may change anything. */
  beforeCommand(): Promise<void>
}
