import type { Ratio } from './question.ts'

/** The value below which a share of all lies, between neighbours in a straight line (Hyndman and Fan's type 7); NaN of none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN]
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5)

/** Half the distance between the quartiles, as a share of the median. */
export const spread = (samples: readonly number[]): number =>
  (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / median(samples)

/** Jain's index of fairness: 1 when all got the same, 1/n when one got everything (Jain, Chiu, Hawe 1984). */
export function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((all, one) => all + one, 0)
  const squares = shares.reduce((all, one) => all + one * one, 0)
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

/** Compares what was measured in the same rounds, round by round. */
export function ratioOf(
  name: string,
  { of, to }: { readonly of: readonly number[]; readonly to: readonly number[] },
  wanted: Ratio['wanted'] = null,
): Ratio {
  const ratios = of.map((one, round) => one / (to[round] ?? Number.NaN))
  return { name, median: median(ratios), spread: spread(ratios), wanted }
}

/** The power of `x` with which `y` grows: the slope of the straight line that fits their logarithms best (least squares). */
export function growthOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }))
  const mean = (of: 'x' | 'y'): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length
  const [middleX, middleY] = [mean('x'), mean('y')]
  const together = logs.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0)
  return together / logs.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0)
}

/** Whether a ratio is what was hoped for; null where nothing was. */
export function isMet({ median: value, wanted }: Ratio): boolean | null {
  if (wanted === null) return null
  return 'atLeast' in wanted ? value >= wanted.atLeast : value <= wanted.atMost
}
