import type { Table } from './question.ts'
import { inDigits, type Report } from './report.ts'

/** More than this share is worth a look. */
const worthALook = 0.25

/** How far every ratio has moved since another report, the farthest first. */
export function movedTable(before: Report, now: Report): Table {
  const earlier = new Map(
    before.answers.flatMap(({ name, ratios }) => ratios.map((one) => [`${name}: ${one.name}`, one])),
  )
  const moved = now.answers.flatMap(({ name, ratios }) =>
    ratios.flatMap((ratio) => {
      const was = earlier.get(`${name}: ${ratio.name}`)
      return was === undefined
        ? []
        : [{ name: `${name}: ${ratio.name}`, was: was.median, is: ratio.median, share: ratio.median / was.median - 1 }]
    }),
  )
  return {
    title: `How far each ratio has moved since ${before.at}`,
    head: ['ratio', 'was', 'is', 'moved', ''],
    rows: moved
      .toSorted((a, b) => Math.abs(b.share) - Math.abs(a.share))
      .map(({ name, was, is, share }) => [
        name,
        inDigits(was),
        inDigits(is),
        `${share > 0 ? '+' : ''}${Math.round(share * 100)} %`,
        Math.abs(share) > worthALook ? 'more than 25 %' : '',
      ]),
  }
}
