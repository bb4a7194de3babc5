import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Scene } from './scene.ts'
import { carryOutTrial, type Trial, type TrialResult } from './trial.ts'

/** A trial and what became of it. */
export interface Tried extends TrialResult {
  readonly trial: Trial
  /** Where it took place; kept only when a promise was broken. */
  readonly folder: string
  readonly durationMs: number
}

interface Campaign {
  readonly template: Scene
  /** Holds a folder for each trial. */
  readonly folder: string
  readonly tree: string
  readonly parallel: number
  /** Told of every trial as it ends. */
  observe(tried: Tried): void
}

/** Carries trials out, some at a time, and answers with what became of them. */
export async function carryOutTrials(campaign: Campaign, trials: readonly Trial[]): Promise<readonly Tried[]> {
  const { template, folder, tree, parallel, observe } = campaign
  const all: Tried[] = []
  const waiting = trials.entries()
  const work = async (): Promise<void> => {
    for (const [number, trial] of waiting) {
      const place = join(folder, `${trial.mode}-${number}`)
      const began = performance.now()
      const result = await carryOutTrial(template, { folder: place, tree, trial })
      const tried = { ...result, trial, folder: place, durationMs: performance.now() - began }
      if (result.broken.length === 0) rmSync(place, { recursive: true, force: true, maxRetries: 5 })
      all.push(tried)
      observe(tried)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return all
}

/** A number of trials in figures. */
export interface Tally {
  readonly trials: number
  readonly kills: number
  /** Results that were safe when a supervisor was killed. */
  readonly durable: number
  readonly failed: number
  /** Of a whole trial and of the last supervisor's life, in milliseconds. */
  readonly medianMs: number
  readonly medianResumeMs: number
}

/** Sums trials up. */
export function tallyOf(tried: readonly Tried[]): Tally {
  const sum = (of: (one: Tried) => number): number => tried.reduce((total, one) => total + of(one), 0)
  return {
    trials: tried.length,
    kills: sum(({ kills }) => kills),
    durable: sum(({ durable }) => durable),
    failed: tried.filter(({ broken }) => broken.length > 0).length,
    medianMs: median(tried.map(({ durationMs }) => durationMs)),
    medianResumeMs: median(
      tried.filter(({ kills }) => kills > 0).flatMap(({ lives }) => lives.at(-1)?.durationMs ?? []),
    ),
  }
}

const median = (numbers: readonly number[]): number =>
  Math.round(numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0)

/** How to see a trial again. */
export const repeatingWith = (trial: Trial): string => `npm run chaos -- --trial '${JSON.stringify(trial)}'`
