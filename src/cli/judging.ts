import type { Manifest } from '../plan/task.ts'
import { nameLogAlso } from '../store/attempt-log.ts'
import type { RunLayout } from '../store/layout.ts'
import type { JudgingParts } from '../supervisor/run/try-candidates.ts'
import { checkSettings } from './check-settings.ts'

/** How several attempts at one task are judged: as the proposal is checked. */
export const judgingOf = (
  manifest: Manifest,
  { log }: Pick<RunLayout, 'log'>,
): Pick<JudgingParts, 'checks' | 'settings' | 'keepLog'> => ({
  checks: manifest.check,
  settings: checkSettings(manifest),
  keepLog(from, to, attempt) {
    nameLogAlso(log(from.id, attempt), log(to.id, attempt))
  },
})
