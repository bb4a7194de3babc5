import type { Grade } from '../merge/resolvers/resolver.ts'
import { isBothKept, type MergeCase } from './merge-cases.ts'

/** What became of a case. */
export type Answer = 'left' | 'as people' | 'otherwise'

/** A case with its answer. */
export interface Answered {
  readonly one: MergeCase
  readonly answer: Answer
}

/** How many cases were resolved up to a grade, and how many of these as people did; `repo` is empty for all. */
export interface CaseRow {
  readonly upTo: Grade
  readonly repo: string
  readonly cases: number
  readonly resolved: number
  readonly asPeople: number
  /** Null where none was resolved. */
  readonly precision: number | null
  readonly bothKept: number
  readonly bothKeptResolved: number
  readonly bothKeptAsPeople: number
}

/** A row for all, and one for each repository. */
export function caseRows(upTo: Grade, answers: readonly Answered[]): readonly CaseRow[] {
  const repos = [...new Set(answers.map(({ one }) => one.repo))].toSorted()
  return ['', ...repos].map((repo) => {
    const own = answers.filter(({ one }) => repo === '' || one.repo === repo)
    const kept = own.filter(({ one }) => isBothKept(one))
    const count = (of: readonly Answered[], answer: Answer): number => of.filter((one) => one.answer === answer).length
    const [resolved, asPeople] = [own.length - count(own, 'left'), count(own, 'as people')]
    return {
      upTo,
      repo,
      cases: own.length,
      resolved,
      asPeople,
      precision: resolved === 0 ? null : Number((asPeople / resolved).toFixed(3)),
      bothKept: kept.length,
      bothKeptResolved: kept.length - count(kept, 'left'),
      bothKeptAsPeople: count(kept, 'as people'),
    }
  })
}

/** A row for people. */
export const rowText = ({ upTo, repo, resolved, asPeople, precision, ...row }: CaseRow): string =>
  `${repo === '' ? `${upTo}: ` : `  ${repo}: `}${resolved} of ${row.cases} resolved, ${asPeople} as people did (${precision ?? 'none'}); ` +
  `where both sides were kept ${row.bothKeptResolved} of ${row.bothKept}, ${row.bothKeptAsPeople} right`
