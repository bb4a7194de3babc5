const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What a duration looks like in a manifest. */
export const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** The longest duration in milliseconds, 24 days: timers count no further than 2^31 - 1 milliseconds. */
export const longestMs = 24 * 24 * 3_600_000

/** Milliseconds of a duration such as `250ms`, `30s`, `5m`, `1.5h` or `30d`; null for any other text. */
export function parseDuration(text: string): number | null {
  const [, number, unit = ''] = durationPattern.exec(text) ?? []
  return number === undefined ? null : Math.round(Number(number) * (units[unit] ?? 1))
}

/** The shortest text for a number of whole milliseconds. */
export function printDuration(ms: number): string {
  const fits = (['d', 'h', 'm', 's'] as const).find((unit) => ms > 0 && ms % (units[unit] ?? 1) === 0)
  return fits === undefined ? `${ms}ms` : `${ms / (units[fits] ?? 1)}${fits}`
}
