import { arch, cpus, release, totalmem, type } from 'node:os'
import type { Answer, Question, Ratio, Table } from './question.ts'
import { isMet, median, spread } from './statistics.ts'

/** Where and with what the suite ran. */
export interface Circumstances {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly full: boolean
  readonly seed: number
  readonly machine: { readonly system: string; readonly cores: number; readonly cpu: string; readonly memoryMb: number }
  readonly versions: Readonly<Record<string, string>>
}

/** Everything of one run of the suite; its JSON form is `troupe/bench/1`. */
export interface Report extends Circumstances {
  readonly schema: 'troupe/bench/1'
  readonly answers: readonly (Answer & Pick<Question, 'name' | 'title'>)[]
}

/** What there is to say of this machine and of what runs on it. */
export function circumstances(options: {
  readonly at: string
  readonly full: boolean
  readonly seed: number
}): Circumstances {
  const { node, v8, uv } = process.versions
  return {
    ...options,
    machine: {
      system: `${type()} ${release()} ${arch()}`,
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? 'unknown',
      memoryMb: Math.round(totalmem() / 1e6),
    },
    versions: { node, v8, uv },
  }
}

/** Of every measured thing its median and spread. */
export function measuredTable({ measured }: Answer): Table {
  return {
    title: 'Measured',
    head: ['what', 'unit', 'median', 'spread', 'rounds'],
    rows: measured.map(({ name, unit, samples }) => [
      name,
      unit,
      inDigits(median(samples)),
      inPercent(spread(samples)),
      `${samples.length}`,
    ]),
  }
}

/** Of every ratio what it is, and whether it is what was hoped for. */
export function ratioTable({ ratios }: Answer): Table {
  return {
    title: 'Ratios',
    head: ['ratio', 'median', 'spread', 'wanted', ''],
    rows: ratios.map((ratio) => [
      ratio.name,
      inDigits(ratio.median),
      inPercent(ratio.spread),
      wantedText(ratio.wanted),
      { true: 'met', false: 'NOT MET', null: '' }[`${isMet(ratio)}`],
    ]),
  }
}

const wantedText = (wanted: Ratio['wanted']): string =>
  wanted === null ? '' : 'atLeast' in wanted ? `>= ${wanted.atLeast}` : `<= ${wanted.atMost}`

/** Three digits that mean something. */
export const inDigits = (value: number): string =>
  Number.isFinite(value) ? `${Number(value.toPrecision(3))}` : 'nothing'

const inPercent = (share: number): string => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : '')
