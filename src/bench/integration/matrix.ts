import type { ChangeSet } from '../../changes/change-set.ts'
import { openObjects, type Objects } from '../../changes/objects.ts'
import { asAgentName, asTaskId } from '../../ids.ts'
import { openOverlaps, type Overlaps } from '../../merge/overlaps.ts'
import { median } from '../suite/statistics.ts'
import { MadeRepository, type Start } from '../made-repository.ts'

/** Workspaces that are saved one after the other: each changed a file of its own and one shared file, in which two and two meet. */
export interface MatrixScene extends AsyncDisposable {
  /** Milliseconds until all that does not go together among so many is known, after one was saved anew; the median of several. */
  refresh(workspaces: number): Promise<number>
  /** Milliseconds that `git merge-tree` takes for one of them with each of the others. */
  mergeTrees(workspaces: number): Promise<number>
}

const savesEach = 5

/** Makes the repository. */
export async function openMatrixScene({ files }: { readonly files: number }): Promise<MatrixScene> {
  const repository = new MadeRepository({ name: 'matrix', files, linesInShared: 400 })
  const start = await repository.begin()
  const objects = openObjects(repository.git)
  const standing = new Map<number, Standing>()
  const standingOf = async (count: number): Promise<Standing> => {
    const known = standing.get(count) ?? (await begin({ repository, objects, start }, count))
    standing.set(count, known)
    return known
  }
  return {
    refresh: async (count) => refresh({ repository, objects, start }, await standingOf(count)),
    async mergeTrees(count) {
      const [first, ...others] = (await standingOf(count)).now
      const beganMs = performance.now()
      // ends with 1 where there is a conflict
      for (const { commit } of others)
        await repository.git.text(['merge-tree', '--write-tree', first?.commit ?? '', commit]).catch(() => {})
      return performance.now() - beganMs
    },
    async [Symbol.asyncDispose]() {
      for (const { overlaps } of standing.values()) await overlaps[Symbol.asyncDispose]()
      await objects[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
    },
  }
}

interface Parts {
  readonly repository: MadeRepository
  readonly objects: Objects
  readonly start: Start
}

interface Standing {
  readonly overlaps: Overlaps
  readonly now: ChangeSet[]
  saves: number
}

async function begin(parts: Parts, count: number): Promise<Standing> {
  const overlaps = openOverlaps(parts.repository.git)
  const now: ChangeSet[] = []
  for (let number = 0; number < count; number += 1) now.push(await snapshotOf(parts, { number, nth: 0 }))
  await overlaps.look(now)
  return { overlaps, now, saves: 0 }
}

async function refresh(parts: Parts, standing: Standing): Promise<number> {
  const { overlaps, now } = standing
  const times: number[] = []
  for (let save = 0; save < savesEach; save += 1) {
    standing.saves += 1
    const number = standing.saves % now.length
    now[number] = await snapshotOf(parts, { number, nth: standing.saves })
    const beganMs = performance.now()
    const found = await overlaps.look(now)
    times.push(performance.now() - beganMs)
    if (found.length !== now.length >> 1) throw new Error(`${found.length} conflicts among ${now.length} workspaces`)
  }
  return median(times)
}

/** What a workspace holds when it is saved for the `nth` time. */
async function snapshotOf(
  { repository, objects, start }: Parts,
  { number, nth }: { readonly number: number; readonly nth: number },
): Promise<ChangeSet> {
  const lines = [
    { file: 1 + number, line: 3 },
    { file: 0, line: (number >> 1) * 5 },
  ]
  const { commit, tree } = await repository.change(objects, start, { by: `workspace ${number}, ${nth}`, lines })
  const { base } = start
  return { task: asTaskId(`t${number}`), agent: asAgentName('a'), attempt: 1, base, commit, tree, files: [] }
}
