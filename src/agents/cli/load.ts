import { systemClock } from '../../clock.ts'
import type { Agent } from '../agent.ts'
import { once, preparedLauncher } from '../load-once.ts'
import type { Preset } from './preset.ts'

/** The work of each coding agent with a command line, by its name. */
export const cliLoads: ReadonlyMap<string, () => Promise<Agent>> = new Map([
  ['codex', loadOnce(async () => (await import('./codex.ts')).codex)],
  ['claude', loadOnce(async () => (await import('./claude.ts')).claude)],
  ['gemini', loadOnce(async () => (await import('./gemini.ts')).gemini)],
  ['opencode', loadOnce(async () => (await import('./opencode.ts')).opencode)],
])

function loadOnce(loadPreset: () => Promise<Preset>): () => Promise<Agent> {
  return once(async () => {
    const [preset, { cliAgent }, launcher] = await Promise.all([loadPreset(), import('./cli.ts'), preparedLauncher()])
    return cliAgent(preset, systemClock, launcher)
  })
}
