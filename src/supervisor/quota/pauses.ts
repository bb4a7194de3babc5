import type { Failure } from '../../agents/failure.ts'

const minuteMs = 60_000

const pauses: Readonly<Partial<Record<NonNullable<Failure['class']>, readonly [firstMs: number, mostMs: number]>>> = {
  rate_limit: [1_000, minuteMs],
  overloaded: [10_000, 5 * minuteMs],
  quota: [15 * minuteMs, 60 * minuteMs],
}

/** Whether a refusal of a class says that nobody should call for a while. */
export const isLimit = (kind: string): boolean => Object.hasOwn(pauses, kind)

/** Doubled each time, less a chance of up to a half. */
export function pauseMs(kind: NonNullable<Failure['class']>, refusals: number, chance: number): number {
  const [firstMs, mostMs] = pauses[kind] ?? [1_000, minuteMs]
  return Math.round(Math.min(mostMs, firstMs * 2 ** Math.min(refusals - 1, 30)) * (1 - chance / 2))
}
