import { parseArgs } from 'node:util'
import { openObjects, type Objects } from '../changes/objects.ts'
import type { CommitId } from '../ids.ts'
import { foldSides } from '../merge/fold-sides.ts'
import { linesInFile, MadeRepository, type Start } from './made-repository.ts'

/**
 * The fold against `git merge` one after the other in a checkout, on change sets of one repository that all merge cleanly: each
 * changes four files of its own choice, every fourth a place of its own in one shared file.
 * Ends with 1 when the trees differ or the fold is less than 20 times as fast.
 */
const { values } = parseArgs({
  options: {
    sides: { type: 'string', default: '100' },
    files: { type: 'string', default: '5000' },
    samples: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const [sideCount, fileCount, samples] = [Number(values.sides), Number(values.files), Number(values.samples)]
const wanted = 20

using repository = new MadeRepository({
  name: 'fold',
  files: fileCount,
  linesInShared: 3 * Math.ceil(sideCount / 4) + 3,
})
const { git: opened } = repository
const git = (...args: readonly string[]): Promise<string> => opened.text(args)

async function sideOf(number: number, objects: Objects, start: Start): Promise<CommitId> {
  // no two sides meet but in the shared file
  const lines = [0, 1, 2, 3].map((nth) => ({ file: 1 + number * 4 + nth, line: number % linesInFile }))
  if (number % 4 === 0) lines.push({ file: 0, line: (number / 4) * 3 })
  return (await repository.change(objects, start, { by: `side ${number}`, lines })).commit
}

async function mergeInCheckout(
  base: CommitId,
  sides: readonly CommitId[],
): Promise<{ readonly ms: number; readonly tree: string }> {
  await git('reset', '--quiet', '--hard', base)
  const beganMs = performance.now()
  for (const side of sides) await git('merge', '--quiet', '--message', 'm', side)
  return { ms: performance.now() - beganMs, tree: await git('rev-parse', 'HEAD^{tree}') }
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0

const start = await repository.begin()
await using objects = openObjects(opened)
const sides: CommitId[] = []
for (let number = 0; number < sideCount; number += 1) sides.push(await sideOf(number, objects, start))
const [foldMs, mergeMs]: [number[], number[]] = [[], []]
let isSame = true
for (let sample = 0; sample < samples; sample += 1) {
  const beganMs = performance.now()
  await using own = openObjects(opened)
  const policy = { upTo: 'certain', off: [] } as const
  const { tree } = await foldSides({ git: opened, objects: own, base: start.base, sides, policy })
  foldMs.push(performance.now() - beganMs)
  const merged = await mergeInCheckout(start.base, sides)
  mergeMs.push(merged.ms)
  isSame &&= merged.tree === tree
}
const ratio = median(mergeMs.map((ms, sample) => ms / (foldMs[sample] ?? 1)))
const result = {
  sides: sideCount,
  files: fileCount,
  samples,
  foldMs: median(foldMs),
  mergeMs: median(mergeMs),
  ratio,
  isSame,
}
const told = values.json
  ? JSON.stringify({ schema: 'troupe/bench-fold/1', ...result, all: { foldMs, mergeMs } })
  : `${sideCount} sides, ${fileCount} files: fold ${result.foldMs.toFixed(0)} ms, git merge ${result.mergeMs.toFixed(0)} ms, ${ratio.toFixed(1)} times; trees ${isSame ? 'the same' : 'differ'}`
process.stdout.write(`${told}\n`)
process.exitCode = isSame && ratio >= wanted ? 0 : 1
