import { openObjects, type Objects } from '../../changes/objects.ts'
import type { CommitId } from '../../ids.ts'
import { foldSides } from '../../merge/fold-sides.ts'
import { linesInFile, MadeRepository, type Start } from '../made-repository.ts'

/** Change sets of one repository that all merge cleanly: each changes four files of its own, every fourth a place of its own in a shared one. */
export interface FoldScene extends Disposable {
  /** Milliseconds that the fold of the first so many takes. */
  fold(count: number): Promise<number>
  /** Milliseconds that `git merge` of them takes, one after the other in a checkout. Throws when its tree is not the fold's. */
  merge(count: number): Promise<number>
}

/** Makes the change sets. */
export async function openFoldScene({ files, sides }: { files: number; sides: number }): Promise<FoldScene> {
  const shared = 3 * Math.ceil(sides / 4) + 3
  const repository = new MadeRepository({ name: 'fold', files, linesInShared: shared })
  const { git } = repository
  const start = await repository.begin()
  const commits = await makeSides(repository, start, sides)
  const trees = new Map<number, string | null>()
  return {
    async fold(count) {
      const beganMs = performance.now()
      await using objects = openObjects(git)
      const policy = { upTo: 'certain', off: [] } as const
      const { tree } = await foldSides({ git, objects, base: start.base, sides: commits.slice(0, count), policy })
      trees.set(count, tree)
      return performance.now() - beganMs
    },
    async merge(count) {
      await git.text(['reset', '--quiet', '--hard', start.base])
      const beganMs = performance.now()
      for (const side of commits.slice(0, count)) await git.text(['merge', '--quiet', '--message', 'm', side])
      const ms = performance.now() - beganMs
      if ((await git.text(['rev-parse', 'HEAD^{tree}'])) !== trees.get(count))
        throw new Error(`the fold of ${count} change sets is not what git merge makes`)
      return ms
    },
    [Symbol.dispose]() {
      repository[Symbol.dispose]()
    },
  }
}

async function makeSides(repository: MadeRepository, start: Start, count: number): Promise<readonly CommitId[]> {
  await using objects = openObjects(repository.git)
  const sides: CommitId[] = []
  for (let number = 0; number < count; number += 1) sides.push(await makeSide(repository, start, { number, objects }))
  return sides
}

async function makeSide(
  repository: MadeRepository,
  start: Start,
  { number, objects }: { readonly number: number; readonly objects: Objects },
): Promise<CommitId> {
  // no two sides meet but in the shared file
  const lines = [0, 1, 2, 3].map((nth) => ({ file: 1 + number * 4 + nth, line: number % linesInFile }))
  if (number % 4 === 0) lines.push({ file: 0, line: (number / 4) * 3 })
  return (await repository.change(objects, start, { by: `side ${number}`, lines })).commit
}
