import type { RunHistory } from '../../monitor/history.ts'
import type { RunState } from '../../supervisor/run/state.ts'
import { isAlive } from '../../process-identity.ts'

/** Where a run as a whole stands: `unfinished` when it has not ended and nobody carries it out. */
export type Standing = 'new' | 'working' | 'stopping' | 'settled' | 'ended' | 'unfinished'

/** Tells an unfinished run from one that goes on by whether its very supervisor lives. */
export function standingOf({ phase }: RunState, { supervisor }: RunHistory): Standing {
  if (phase.name === 'ended') return 'ended'
  return supervisor !== null && isAlive(supervisor) ? phase.name : 'unfinished'
}

/** A standing for people. */
export function standingText(standing: Standing): string {
  switch (standing) {
    case 'new':
    case 'working':
    case 'stopping':
    case 'ended':
      return standing
    case 'settled':
      return 'merging and checking'
    case 'unfinished':
      return 'unfinished (its supervisor is gone)'
  }
}
