import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openGit } from '../changes/git.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { foldSides } from '../merge/fold-sides.ts'

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
const linesInFile = 40
const linesInShared = 3 * Math.ceil(sideCount / 4) + 3

const folder = mkdtempSync(join(tmpdir(), 'troupe-fold-'))
const opened = openGit(folder)
const git = (...args: readonly string[]): Promise<string> => opened.text(args)

const nameOf = (file: number): string => `d${file % 50}/f${file}.txt`
const textOf = (file: number, change?: readonly [number, string]): string =>
  Array.from({ length: file === 0 ? linesInShared : linesInFile }, (_, line) =>
    line === change?.[0] ? change[1] : `line ${line} of ${file}`,
  ).join('\n')

interface Start {
  readonly base: CommitId
  readonly tree: TreeId
}

async function layOut(): Promise<Start> {
  await git('init', '--quiet', '--initial-branch', 'main')
  for (let file = 0; file < fileCount; file += 1) {
    const path = join(folder, nameOf(file))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, textOf(file))
  }
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'base')
  return { base: asCommitId(await git('rev-parse', 'HEAD')), tree: asTreeId(await git('rev-parse', 'HEAD^{tree}')) }
}

async function sideOf(number: number, objects: Objects, { base, tree }: Start): Promise<CommitId> {
  const edits = new Map<string, TreeEntry>()
  const put = async (file: number, line: number): Promise<void> => {
    const text = Buffer.from(textOf(file, [line, `changed by ${number}`]))
    edits.set(nameOf(file), { mode: '100644', oid: await objects.write('blob', text) })
  }
  // no two sides meet but in the shared file
  for (let nth = 0; nth < 4; nth += 1) await put(1 + number * 4 + nth, number % linesInFile)
  if (number % 4 === 0) await put(0, (number / 4) * 3)
  const who = 'Bench <bench@localhost> 1 +0000'
  const text = `tree ${await editTree(objects, tree, edits)}\nparent ${base}\nauthor ${who}\ncommitter ${who}\n\nside ${number}\n`
  return asCommitId(await objects.write('commit', Buffer.from(text)))
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

try {
  const start = await layOut()
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
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
