import { existsSync, lstatSync, rmSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { removeTree } from '../../changes/remove-tree.ts'
import type { Repository } from '../../changes/repository.ts'
import { openWorktrees } from '../../changes/worktree.ts'
import type { Clock } from '../../clock.ts'
import { TroupeError } from '../../errors.ts'
import type { RunId } from '../../ids.ts'
import { layoutOf, type RunLayout } from '../../store/layout.ts'
import { acquireLease } from '../../store/lease.ts'
import { reap } from '../../supervisor/run/reap.ts'
import { orphansOf, salvage } from '../../supervisor/run/salvage.ts'
import { hasBegun } from '../kept-manifest.ts'
import { forgetKilled } from '../own-checkouts.ts'
import { type RunReading, readRun } from '../read-run.ts'
import { missingSecret, redactorFor } from '../secrets.ts'
import { type Collection, type CollectionRules, isEmpty, planCollection } from './plan-collection.ts'
import type { LeftWorktree, RunRemains } from './run-remains.ts'
import { refsNow, type RunSurvey } from './survey-runs.ts'

/** The remains of one run, and what is done, or would be done, with them. */
export interface Collected {
  readonly remains: RunRemains
  readonly collection: Collection
}

interface CollectParts {
  readonly repository: Repository
  readonly clock: Clock
  readonly rules: CollectionRules
  readonly remainsOf: RunSurvey['remainsOf']
}

/** Looks at one run and says what would be done. */
export async function wouldCollect(
  { clock, rules, remainsOf }: CollectParts,
  run: RunId,
  when: 'listed' | 'now' = 'listed',
): Promise<Collected> {
  const remains = await remainsOf(run, when)
  return { remains, collection: planCollection(remains, rules, clock.now()) }
}

/**
 * Takes away what the rules allow of one run's remains, under the run's lease: nobody can resume it meanwhile. What is done is
 * planned again once the lease is held. Throws TroupeError GIT_FAILED, STORE_FAILED or NO_SPACE.
 */
export async function collectRun(parts: CollectParts, run: RunId): Promise<Collected> {
  const first = await wouldCollect(parts, run)
  if (isEmpty(first.collection)) return first
  const files = layoutOf(parts.repository.root).run(run)
  const carryOutNow = async (): Promise<Collected> =>
    await carryOut(parts, files, await wouldCollect(parts, run, 'now'))
  if (!existsSync(files.folder)) return await carryOutNow()
  try {
    return await underLease(files, carryOutNow)
  } catch (error) {
    if (!(error instanceof TroupeError) || error.code !== 'LEASE_HELD') throw error
    return await wouldCollect(parts, run, 'now')
  }
}

async function underLease(files: RunLayout, work: () => Promise<Collected>): Promise<Collected> {
  const lease = await acquireLease(files.lease, { inPassing: true })
  try {
    return await work()
  } finally {
    await lease.release()
    const place = await realpath(files.folder) // a link goes first: one that leads nowhere would be a run that is elsewhere
    if (isEmptyBut(await readdir(place), files)) for (const path of [files.folder, place]) await removeTree(path)
  }
}

const isEmptyBut = (names: readonly string[], files: RunLayout): boolean =>
  names.every((name) => isOfLease(name, files))

const isOfLease = (name: string, { lease }: RunLayout): boolean => name.startsWith(basename(lease))

async function carryOut(parts: CollectParts, files: RunLayout, collected: Collected): Promise<Collected> {
  const { remains, collection } = collected
  if (isEmpty(collection)) return collected
  const { run } = remains
  const { repository, clock } = parts
  const reading = hasBegun(files) ? await readRun({ repository, id: run, files }) : null
  if (existsSync(files.folder)) forgetKilled(files)
  await reap(run, reading?.records ?? [], clock)
  const taken = await takeWorktrees(parts, files, { ...collected, reading })
  const whole = collection.whole && taken.leave.length === 0
  // with those of what has just been sealed
  const refs = taken.seal.length === 0 ? remains.refs : await refsNow(repository, run)
  if (whole) await takeWhole(repository, files, refs)
  return { remains: { ...remains, refs }, collection: { ...collection, ...taken, whole } }
}

interface Worktrees extends Collected {
  readonly reading: RunReading | null
}

/** What could not be sealed is left, whatever was planned. */
async function takeWorktrees(
  { repository, clock }: CollectParts,
  { work }: RunLayout,
  { remains, collection, reading }: Worktrees,
): Promise<Pick<Collection, 'seal' | 'leave'>> {
  const { run } = remains
  const { seal, leave } = collection
  const kept = await sealAll(
    { repository, run, folder: work, clock, records: reading?.records ?? [] },
    { seal, reading },
  )
  const isKept = ({ directory }: LeftWorktree): boolean => kept.has(directory)
  const left = [...leave, ...seal.filter(isKept)]
  const worktrees = openWorktrees({ repository, folder: work, parallel: 2 })
  await worktrees.removeAll(new Set(left.map(({ name }) => name)))
  return { seal: seal.filter((one) => !isKept(one)), leave: left }
}

/** Makes change sets of the work of dead attempts; answers with the folders of those that cannot be sealed. */
async function sealAll(
  parts: Parameters<typeof salvage>[0],
  { seal, reading }: Pick<Worktrees, 'reading'> & Pick<Collection, 'seal'>,
): Promise<ReadonlySet<string>> {
  if (reading === null || seal.length === 0) return new Set()
  // what lies there may hold a secret that cannot be told now
  if (missingSecret(reading.manifest, process.env) !== null) return new Set(seal.map(({ directory }) => directory))
  const hide = redactorFor(reading.manifest, process.env)
  const salvaged = await salvage({ ...parts, hide }, orphansOf(reading.manifest, reading.state))
  for (const { release } of salvaged) await release?.()
  return new Set(salvaged.flatMap(({ end: { kept } }) => kept ?? []))
}

/** The manifest goes last of the files: without it and the journal there is no run. Then the refs, which alone are no run either. */
async function takeWhole({ root, git }: Repository, files: RunLayout, refs: readonly string[]): Promise<void> {
  const names = existsSync(files.folder) ? await readdir(files.folder) : []
  const content = names.filter((name) => !isOfLease(name, files)).map((name) => join(files.folder, name))
  for (const path of content.filter((one) => one !== files.manifest)) await removeTree(path)
  await removeTree(files.manifest)
  await git.run(['update-ref', '--stdin'], { input: refs.map((ref) => `delete ${ref}\n`).join('') })
  const { statusLink } = layoutOf(root)
  const isLink = lstatSync(statusLink, { throwIfNoEntry: false })?.isSymbolicLink() === true
  if (isLink && !existsSync(join(statusLink, basename(files.manifest)))) rmSync(statusLink)
}
