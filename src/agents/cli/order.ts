import type { Clock } from '../../clock.ts'
import type { Launcher } from '../../processes/launcher.ts'
import type { AgentContext, Assignment, Place } from '../agent.ts'
import type { OwnHome } from '../own-home.ts'
import type { Expected } from '../proof.ts'
import type { CliOptions } from './options.ts'
import type { Preset, Settings } from './preset.ts'

/** What one attempt is about. */
export interface Attempt {
  readonly assignment: Assignment
  readonly preset: Preset
  readonly settings: Settings
  readonly options: CliOptions
  readonly expects: Expected
  readonly home: OwnHome
}

/** What it is carried out with. */
export interface Means {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly context: AgentContext
  /** At its provider. */
  readonly place: Place
}
