import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { leftProxies } from '../../agents/sandbox/left-proxies.ts'
import type { Repository } from '../../changes/repository.ts'
import { asRunId, type RunId, runIdPattern, startOfRun } from '../../ids.ts'
import { isAlive } from '../../process-identity.ts'
import { processesByMark } from '../../processes/sweep.ts'
import { proposalRef, refsOfAllRuns, refsOfRun } from '../../refs.ts'
import { layoutOf, listRuns } from '../../store/layout.ts'
import { recordedProcesses } from '../../supervisor/run/reap.ts'
import { lookElsewhere, type RunsElsewhere, type UncertainRuns } from '../runs-elsewhere.ts'
import { diskUsage } from './disk-usage.ts'
import { leftWorktrees } from './left-worktrees.ts'
import type { RunRemains } from './run-remains.ts'
import { readStanding } from './run-standing.ts'

/** Looks at what runs have left, and changes nothing. */
export interface RunSurvey {
  /** Every run of which anything is left, the oldest first. */
  readonly runs: readonly RunId[]
  /** All checkouts of a repository share its refs, and each has runs of its own: these are for others to collect. */
  readonly elsewhere: readonly RunsElsewhere[]
  readonly uncertain: UncertainRuns
  /** What is left of one of them: as listed, or as it is now, for who acts on it. */
  remainsOf(run: RunId, when?: 'listed' | 'now'): Promise<RunRemains>
}

/** Opens a survey of a repository: its processes and refs are listed once. */
export async function surveyRuns(repository: Repository): Promise<RunSurvey> {
  const layout = layoutOf(repository.root)
  const refs = await refsByRun(repository, refsOfAllRuns)
  const entries = await readdir(join(repository.commonDirectory, 'worktrees')).catch(() => [])
  const ofEntries = entries.flatMap((name) => runIdPattern.exec(name.replace(/^troupe-/, ''))?.[0] ?? [])
  const own = listRuns(layout).filter((name) => runIdPattern.test(name))
  const { having, unseen } = await lookElsewhere(repository)
  const placed = new Set([...own, ...having.flatMap((other) => other.runs)])
  const known = new Set([...refs.keys(), ...ofEntries.map(asRunId)])
  const lost = [...known].filter((run) => !placed.has(run)).toSorted()
  const runs = unseen.length === 0 ? [...own, ...lost] : own
  const marked = processesByMark('TROUPE_RUN')
  return {
    runs: runs.toSorted(),
    elsewhere: having,
    uncertain: unseen.length === 0 ? { runs: [], worktrees: [] } : { runs: lost, worktrees: unseen },
    remainsOf: async (run, when = 'listed') => {
      const all = when === 'now' ? await refsByRun(repository, `${refsOfRun(run)}/`) : refs
      const listed = all.get(run) ?? []
      const own = listed.map(({ name }) => name)
      const { standing, problem, reading } = await readStanding({ repository, id: run, files: layout.run(run) }, own)
      const recorded = recordedProcesses(reading?.records ?? []).filter(({ pid }) => pid !== process.pid)
      const processes = [...recorded.filter(isAlive), ...(marked.get(run) ?? [])]
      return {
        run,
        standing,
        problem,
        lastSignAt: reading?.records.at(-1)?.at ?? startOfRun(run),
        bytes: await diskUsage(await placeOf(layout.run(run).folder)),
        worktrees: await leftWorktrees(repository, layout.run(run), reading),
        processes: [...new Map(processes.map((one) => [one.pid, one])).values()],
        proxies: await leftProxies(run),
        refs: own,
        applied: await isApplied(repository, listed, run),
      }
    },
  }
}

/** Where a run lies: its folder may be a link to where it was moved. */
const placeOf = async (folder: string): Promise<string> => await realpath(folder).catch(() => folder)

/** The refs of a run as they are now, by their full names. */
export async function refsNow(repository: Repository, run: RunId): Promise<readonly string[]> {
  const listed = await refsByRun(repository, `${refsOfRun(run)}/`)
  return (listed.get(run) ?? []).map(({ name }) => name)
}

interface Ref {
  readonly name: string
  readonly oid: string
}

async function refsByRun({ git }: Repository, below: string): Promise<ReadonlyMap<RunId, readonly Ref[]>> {
  const listed = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', below])
  const refs = listed.split('\n').flatMap((line) => {
    const [oid = '', name] = line.split(' ')
    return name === undefined ? [] : [{ name, oid }]
  })
  return Map.groupBy(refs, ({ name }) => asRunId(name.slice(refsOfAllRuns.length + 1).split('/')[0] ?? ''))
}

/** A proposal that a branch holds, here or at a remote; where there is none, whether there is nothing that could be lost. */
async function isApplied({ git }: Repository, refs: readonly Ref[], run: RunId): Promise<boolean> {
  const proposal = refs.find(({ name }) => name === proposalRef(run))
  if (proposal === undefined) return refs.length === 0
  const branches = ['refs/heads', 'refs/remotes']
  // by its id: another collection may take the ref meanwhile
  return (await git.text(['for-each-ref', '--count=1', '--format=x', '--contains', proposal.oid, ...branches])) !== ''
}
