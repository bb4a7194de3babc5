import type { Answer, Measured, Plot, Question, Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { brokenBy, byBlame, byHalving, byOneByOne, failingByChance, type Search } from './blame-runs.ts'
import { openFoldScene } from './fold.ts'
import { openMatrixScene } from './matrix.ts'

/** What it takes to bring change sets together, and to know what does not go together. */
export const integrationQuestion: Question = { name: 'integration', title: 'Bringing change sets together', ask }

/** How much is done of each. */
export interface Amounts {
  readonly rounds: number
  readonly files: number
  /** Change sets that are folded, ascending. */
  readonly sides: readonly number[]
  /** Workspaces that are compared, ascending. */
  readonly workspaces: readonly number[]
  /** Change sets among which those are looked for that break a check. */
  readonly blamed: readonly number[]
}

const short: Amounts = { rounds: 5, files: 1_000, sides: [2, 8, 32], workspaces: [2, 8, 32], blamed: [16, 64] }
const full: Amounts = {
  rounds: 5,
  files: 5_000,
  sides: [2, 10, 100, 1_000],
  workspaces: [2, 4, 8, 16, 32, 64],
  blamed: [16, 32, 64],
}

function ask(setting: Setting): Promise<Answer> {
  return askIntegration(setting, setting.full ? full : short)
}

/** Asks it with so much of each. */
export async function askIntegration({ tell, seed }: Setting, amounts: Amounts): Promise<Answer> {
  const { rounds, files, sides, workspaces } = amounts
  tell('making change sets')
  using folding = await openFoldScene({ files: Math.max(files, 4 * (sides.at(-1) ?? 0) + 1), sides: sides.at(-1) ?? 0 })
  await using comparing = await openMatrixScene({ files })
  const things = new Map<string, () => Promise<number>>([
    ...sides.flatMap((count) => [
      [nameOf.fold(count), () => folding.fold(count)] as const,
      [nameOf.merge(count), () => folding.merge(count)] as const,
    ]),
    ...workspaces.flatMap((count) => [
      [nameOf.refresh(count), () => comparing.refresh(count)] as const,
      [nameOf.mergeTree(count), () => comparing.mergeTrees(count)] as const,
    ]),
  ])
  const results = await inRounds(rounds, things, tell)
  const of = (name: string): readonly number[] => results.get(name) ?? []
  const searches = await allSearches(amounts.blamed, seed)
  return {
    tables: [foldTable(of, amounts), matrixTable(of, amounts), searchTable(searches), chanceTable(searches)],
    plots: [plotOf(of, amounts)],
    measured: [
      ...[...results].map(([name, samples]): Measured => ({ name, unit: 'ms', samples })),
      ...searches.map(({ name, runs }): Measured => ({ name: `checks, ${name}`, unit: 'runs', samples: runs })),
    ],
    ratios: [...foldRatios(of, amounts), ...matrixRatios(of, amounts), ...searchRatios(searches)],
    notes: [
      `Of ${files} files (more where that many change sets need them); every fold gave the tree that git merge gave.`,
      'Checks are counted, not run: every single one and every pair of the change sets once breaks the check.',
      'A search of the aggregator also runs what it needs to be sure: the culprits fail again by themselves, and pass apart.',
    ],
  }
}

const nameOf = {
  fold: (count: number) => `fold of ${count} change sets`,
  merge: (count: number) => `git merge of ${count} change sets, one after the other in a checkout`,
  refresh: (count: number) => `conflicts among ${count} workspaces known after one was saved`,
  mergeTree: (count: number) => `git merge-tree of one of ${count} workspaces with each other one`,
}

type Of = (name: string) => readonly number[]

/** By how many there are, the median of each of these. */
const rowsOf = (of: Of, counts: readonly number[], names: readonly ((count: number) => string)[]): Table['rows'] =>
  counts.map((count) => [`${count}`, ...names.map((name) => inDigits(median(of(name(count)))))])

const foldTable = (of: Of, { sides }: Amounts): Table => ({
  title: 'Change sets to one tree',
  head: ['change sets', 'fold, ms', 'git merge in a checkout, ms'],
  rows: rowsOf(of, sides, [nameOf.fold, nameOf.merge]),
})

const matrixTable = (of: Of, { workspaces }: Amounts): Table => ({
  title: 'All conflicts known after one workspace was saved',
  head: ['workspaces', 'ms', 'git merge-tree with each other one, ms'],
  rows: rowsOf(of, workspaces, [nameOf.refresh, nameOf.mergeTree]),
})

/** A fold of 100 change sets was asked to be 20 times as fast. */
const foldRatios = (of: Of, { sides }: Amounts): readonly Ratio[] =>
  sides.map((count) =>
    ratioOf(
      `${count} change sets: the fold is so many times as fast as git merge`,
      { of: of(nameOf.merge(count)), to: of(nameOf.fold(count)) },
      count >= 100 ? { atLeast: 20 } : null,
    ),
  )

const matrixRatios = (of: Of, { workspaces }: Amounts): readonly Ratio[] =>
  workspaces.map((count) =>
    ratioOf(`${count} workspaces: a comparison is so many times as fast as git merge-tree with each other one`, {
      of: of(nameOf.mergeTree(count)),
      to: of(nameOf.refresh(count)),
    }),
  )

const plotOf = (of: Of, { sides, workspaces }: Amounts): Plot => ({
  title: 'Time by how many come together',
  x: { label: 'change sets or workspaces', isLogarithmic: true },
  y: { label: 'ms', isLogarithmic: true },
  isLine: true,
  points: [
    ...sides.flatMap((x) => [
      { series: 'fold', x, y: median(of(nameOf.fold(x))) },
      { series: 'git merge', x, y: median(of(nameOf.merge(x))) },
    ]),
    ...workspaces.flatMap((x) => [
      { series: 'live matrix', x, y: median(of(nameOf.refresh(x))) },
      { series: 'git merge-tree', x, y: median(of(nameOf.mergeTree(x))) },
    ]),
  ],
})

const searchers: ReadonlyMap<string, Search> = new Map([
  ['blame', byBlame],
  ['one by one', byOneByOne],
  ['halving', byHalving],
])

/** All searches of one kind. */
interface Searches {
  readonly name: string
  readonly by: string
  readonly what: string
  /** Checks that each search ran. */
  readonly runs: readonly number[]
  /** Share of the searches that named others than those who broke the check. */
  readonly wrong: number
  readonly isByChance: boolean
}

const chances = { trials: 200, oneIn: 5 }

async function allSearches(counts: readonly number[], seed: number): Promise<readonly Searches[]> {
  const all: Searches[] = []
  for (const count of counts) {
    for (const [by, search] of searchers) {
      for (const [what, sets] of [
        ['one', singles(count)],
        ['a pair', pairs(count)],
      ] as const)
        all.push(await searchesOf({ by, search, count }, what, sets))
      all.push(await searchesByChance({ by, search, count }, seed))
    }
  }
  return all
}

interface Searching {
  readonly by: string
  readonly search: Search
  readonly count: number
}

async function searchesOf(
  { by, search, count }: Searching,
  what: string,
  sets: readonly (readonly number[])[],
): Promise<Searches> {
  const found = await Promise.all(sets.map((culprits) => search(count, brokenBy(culprits))))
  const wrong = found.filter(({ named }, at) => named.join() !== sets[at]?.join()).length / sets.length
  const told = `${what} of ${count}`
  return { name: `${told}, ${by}`, by, what: told, runs: found.map(({ runs }) => runs), wrong, isByChance: false }
}

async function searchesByChance({ by, search, count }: Searching, seed: number): Promise<Searches> {
  const found = await Promise.all(
    Array.from({ length: chances.trials }, (_, trial) =>
      search(count, failingByChance(chances.oneIn, 1 + ((seed * 7_919 + trial * 104_729) % 2_147_483_646))),
    ),
  )
  const what = `nobody of ${count}, a check that fails in 1 of ${chances.oneIn} runs`
  const wrong = found.filter(({ named }) => named.length > 0).length / chances.trials
  return { name: `${what}, ${by}`, by, what, runs: found.map(({ runs }) => runs), wrong, isByChance: true }
}

const singles = (count: number): readonly (readonly number[])[] => Array.from({ length: count }, (_, at) => [at])

const pairs = (count: number): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, a) => Array.from({ length: count - a - 1 }, (__, b) => [a, a + 1 + b])).flat()

const mean = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length

const searchTable = (searches: readonly Searches[]): Table => ({
  title: 'Checks run to find who breaks a check',
  head: ['who, by', 'mean', 'most', 'named others'],
  rows: searches
    .filter(({ isByChance }) => !isByChance)
    .map(({ name, runs, wrong }) => [name, inDigits(mean(runs)), `${Math.max(...runs)}`, inPercent(wrong)]),
})

const chanceTable = (searches: readonly Searches[]): Table => ({
  title: `When nobody breaks it, and it fails by chance (${chances.trials} searches each)`,
  head: ['who, by', 'checks run, mean', 'named somebody who had done nothing'],
  rows: searches
    .filter(({ isByChance }) => isByChance)
    .map(({ name, runs, wrong }) => [name, inDigits(mean(runs)), inPercent(wrong)]),
})

const inPercent = (share: number): string => `${Math.round(share * 100)} %`

const searchRatios = (searches: readonly Searches[]): readonly Ratio[] =>
  searches
    .filter(({ by, isByChance }) => by !== 'blame' && !isByChance)
    .map(({ by, what, runs }) => {
      const ours = searches.find((one) => one.by === 'blame' && one.what === what)?.runs ?? []
      return {
        name: `${what}: checks of blame against ${by}`,
        median: mean(ours) / mean(runs),
        spread: 0,
        wanted: null,
      }
    })
