import type { Flame } from './flame.ts'

/** What a question of the suite is asked with. */
export interface Setting {
  /** Everything, and not only what fits into a few minutes. */
  readonly full: boolean
  /** Of whatever is drawn. */
  readonly seed: number
  /** An empty folder that is thrown away. */
  readonly folder: string
  /** Tells how far it is, in a line for people. */
  tell(text: string): void
}

/** Numbers of one thing that was done several times. */
export interface Measured {
  /** What was done: `process, batch writer`. */
  readonly name: string
  readonly unit: 'ms' | 'MB' | 'per s' | 'runs' | 'updates' | 'tears' | 'index'
  /** One for each round, in the order of the rounds. */
  readonly samples: readonly number[]
}

/** How one thing compares with another that was measured in the same rounds. */
export interface Ratio {
  /** A sentence's beginning: `the batch writer is as many times as fast as a lock for each write, 50 processes`. */
  readonly name: string
  /** Median of the rounds' ratios. */
  readonly median: number
  /** Half the distance between the quartiles, as a share of the median. */
  readonly spread: number
  /** What was hoped for; null where nothing is. */
  readonly wanted: { readonly atLeast: number } | { readonly atMost: number } | null
}

/** A table for people; numbers are already words. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Points of several series over one axis. */
export interface Plot {
  readonly title: string
  readonly x: { readonly label: string; readonly isLogarithmic: boolean }
  readonly y: { readonly label: string; readonly isLogarithmic: boolean }
  /** `x` is a number, or a name where things are set side by side. */
  readonly points: readonly { readonly series: string; readonly x: number | string; readonly y: number }[]
  /** Whether the points of a series belong together in a line. */
  readonly isLine: boolean
}

/** Where a processor's time went, for a picture. */
export interface FlameGraph {
  readonly title: string
  readonly flame: Flame
}

/** What came of a question. */
export interface Answer {
  readonly tables: readonly Table[]
  readonly plots: readonly Plot[]
  readonly flames?: readonly FlameGraph[]
  readonly measured: readonly Measured[]
  readonly ratios: readonly Ratio[]
  /** Whatever a reader must know: what was skipped and why, what was lost. */
  readonly notes: readonly string[]
}

/** One question that the suite answers. */
export interface Question {
  readonly name: string
  readonly title: string
  ask(setting: Setting): Promise<Answer>
}
