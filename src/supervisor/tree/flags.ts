import type { AutoShutdown } from './child-spec.ts'

/** Who is restarted with a child: it alone, all, or it and those started after it; `simple` knows only dynamic children. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one' | 'simple'

/** More than `restarts` restarts within `withinMs` milliseconds end the supervisor. */
export interface Intensity {
  readonly restarts: number
  readonly withinMs: number
}

/** What a supervisor does about its children, in OTP's words. */
export interface Flags {
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly autoShutdown: AutoShutdown
  /** Only for `simple`: how many children there may be at once. */
  readonly maxChildren: number
}

/** What OTP takes where nothing is said: one restart within five seconds, no automatic shutdown. */
export const defaultFlags: Omit<Flags, 'strategy'> = {
  intensity: { restarts: 1, withinMs: 5000 },
  autoShutdown: 'never',
  maxChildren: Infinity,
}

/** What is wrong with the flags, or null. */
export function flagsFault({ strategy, intensity, maxChildren }: Flags): string | null {
  if (!(Number.isInteger(intensity.restarts) && intensity.restarts >= 0)) {
    return 'intensity.restarts is not a whole number from 0 up'
  }
  if (!(intensity.withinMs > 0)) return 'intensity.withinMs is not above 0'
  if (maxChildren !== Infinity && strategy !== 'simple') return 'maxChildren is only for the simple strategy'
  return maxChildren >= 0 ? null : 'maxChildren is below 0'
}
