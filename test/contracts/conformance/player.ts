import type { Test } from 'tap'
import type { Assignment } from '../../../src/agents/agent.ts'
import type { Ending, Happening, SceneName } from './scenes.ts'

/** An agent that is held to the table: how scenes are put on for it, and where it is another. */
export interface Player {
  /** What it is called in the names of tests. */
  readonly title: string
  readonly kind: string
  /** The player of the same code; threads and processes are tried with that one, unless all is asked for. */
  readonly like?: string
  /** Makes an assignment for a folder in which all this happens; what it needs goes with the test. */
  stage(t: Test, happens: readonly Happening[], directory: string): Promise<Partial<Assignment>>
  /** Scenes that end in another way. */
  readonly differs: Readonly<Partial<Record<SceneName, Difference>>>
  /** Scenes that cannot happen to it, each with the reason. */
  readonly cannot: Readonly<Partial<Record<SceneName, string>>>
}

/** Another ending, and why that is right for this kind. */
export interface Difference extends Ending {
  readonly because: string
}
