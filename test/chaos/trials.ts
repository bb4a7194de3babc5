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

/** Kills at lines that are drawn by lot, one from each part of the journal but the last, of which it is the very last line. */
export function trialsAtSomeRecords(urn: Urn, count: number): readonly Trial[] {
  const random = seededRandom(urn.seed)
  const part = urn.undisturbed.lines / count
  return Array.from({ length: count }, (_, index) => {
    if (index === count - 1) return trialAt(urn, { fate: 'line', line: urn.undisturbed.lines, how: 'synced' }, index)
    const line = 1 + Math.floor((index + random()) * part)
    return trialAt(urn, { fate: 'line', line, how: manners[index % manners.length] ?? 'torn' }, index)
  })
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
