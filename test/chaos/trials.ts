import type { Fate, Mode } from './life.ts'
import { seededRandom } from './random.ts'
import type { Trial } from './trial.ts'
import type { Undisturbed } from './undisturbed.ts'

const manners = ['unsynced', 'torn', 'written', 'synced'] as const

/** What trials are drawn from. */
export interface Urn {
  readonly mode: Mode
  readonly undisturbed: Undisturbed
  readonly seed: number
  /** How likely it is that whoever goes on with a run is killed as well. */
  readonly again: number
}

/** A kill at every line of the journal, in every manner. */
export const trialsAtEveryRecord = (urn: Urn): readonly Trial[] =>
  Array.from({ length: urn.undisturbed.lines }, (_, index) =>
    manners.map((how) => trialAt(urn, { fate: 'line', line: index + 1, how }, index * manners.length)),
  ).flat()

/**
 * One run whose supervisors die in every manner, one after the other: at a line that is drawn by lot unsynced, torn and written, at two
 * random moments of work, and last of all when it is safe that the run has ended. Each does so little that enough is left for the last.
 */
export function trialOfEveryManner(urn: Omit<Urn, 'again'>): Trial {
  const random = seededRandom(urn.seed + urn.mode.length)
  const line = (how: (typeof manners)[number], part: number): Fate => ({
    fate: 'line',
    line: 1 + Math.floor(random() * urn.undisturbed.lines * part),
    how,
  })
  const moment = (): Fate => ({ fate: 'moment', ms: Math.round(random() * 150), since: 'first-task' })
  const early = [line('unsynced', 1 / 4), moment(), line('torn', 1 / 6), moment(), line('written', 1 / 6)]
  return { mode: urn.mode, fates: [...early, { fate: 'line', line: 'last', how: 'synced' }], patient: 'in-turn' }
}

/** Kills at random moments between shortly before the first record and the end. */
export function trialsAtMoments(urn: Urn, count: number): readonly Trial[] {
  const random = seededRandom(urn.seed + 1)
  const { beginsMs, endsMs } = urn.undisturbed
  const from = Math.max(0, beginsMs - 50)
  return Array.from({ length: count }, (_, index) =>
    trialAt(urn, { fate: 'moment', ms: Math.round(from + random() * (endsMs - from)) }, index),
  )
}

/** Some trials kill whoever goes on as well; half do not wait until what is left has died. */
function trialAt(urn: Urn, first: Fate, salt: number): Trial {
  const random = seededRandom(urn.seed * 7_919 + salt * 31 + JSON.stringify(first).length)
  const fates = [first]
  while (fates.length < 3 && random() < urn.again) fates.push(someFate(urn, random))
  return { mode: urn.mode, fates, patient: random() < 0.5 }
}

function someFate({ undisturbed }: Urn, random: () => number): Fate {
  if (random() < 0.5) return { fate: 'moment', ms: Math.round(random() * undisturbed.endsMs) }
  const how = manners[Math.floor(random() * manners.length)] ?? 'torn'
  return { fate: 'line', line: 1 + Math.floor(random() * undisturbed.lines), how }
}
