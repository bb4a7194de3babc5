import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openGit } from '../changes/git.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import { readTree, type TreeEntry } from '../changes/tree-object.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { foldSides } from '../merge/fold-sides.ts'
import { type Grade, grades } from '../merge/resolvers/resolver.ts'
import { type Answer, caseRows, rowText } from './case-rows.ts'
import { isAlike, type MergeCase, readCases } from './merge-cases.ts'

/**
 * Real merges that git leaves in conflict, laid down in a bare repository (a commit for the base, one for each side) and folded: how
 * many come out as one tree, how many of these as people did, how long it takes inside a process and, for some, as `troupe fold`.
 * Takes a file of cases as `resolver-precision.ts` does; `--sample` says how many are also folded by the command.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
})
const [path] = positionals
if (path === undefined) throw new Error('which file of cases?')

const folder = mkdtempSync(join(tmpdir(), 'troupe-fold-precision-'))
const git = openGit(folder)
const troupe = new URL('../../bin/troupe.mjs', import.meta.url).pathname

interface LaidDown {
  readonly one: MergeCase
  readonly base: CommitId
  readonly sides: readonly [CommitId, CommitId]
}

async function layDown(objects: Objects, empty: TreeId, one: MergeCase): Promise<LaidDown> {
  const commit = async (side: 'base' | 'left' | 'right', parent: CommitId | null): Promise<CommitId> => {
    const edits = new Map<string, TreeEntry>()
    for (const { path: name, ...texts } of one.files)
      if (texts[side] !== null)
        edits.set(name, { mode: '100644', oid: await objects.write('blob', Buffer.from(texts[side])) })
    const tree = await editTree(objects, empty, edits)
    const who = 'Bench <bench@localhost> 1 +0000'
    const from = parent === null ? '' : `parent ${parent}\n`
    const text = `tree ${tree}\n${from}author ${who}\ncommitter ${who}\n\n${side} of ${one.id}\n`
    return asCommitId(await objects.write('commit', Buffer.from(text)))
  }
  const base = await commit('base', null)
  return { one, base, sides: [await commit('left', base), await commit('right', base)] }
}

async function answerTo(objects: Objects, tree: TreeId | null, { files }: MergeCase): Promise<Answer> {
  if (tree === null) return 'left'
  for (const { path: name, human } of files)
    if (!isAlike((await textAt(objects, tree, name)) ?? '', human ?? '')) return 'otherwise'
  return 'as people'
}

async function textAt(objects: Objects, tree: TreeId, name: string): Promise<string | null> {
  let oid: string = tree
  for (const part of name.split('/')) {
    const entry = readTree((await objects.read(oid)).content, oid).get(part)
    if (entry === undefined) return null
    oid = entry.oid
  }
  return (await objects.read(oid)).content.toString()
}

/** Folds each case anew, as the command does. */
async function foldAll(all: readonly LaidDown[], upTo: Grade) {
  const times: number[] = []
  const answers = []
  for (const { one, base, sides } of all) {
    await using objects = openObjects(git, 'files')
    await objects.read(base)
    const beganMs = performance.now()
    const { tree } = await foldSides({ git, objects, base, sides, policy: { upTo, off: [] } })
    times.push(performance.now() - beganMs)
    answers.push({ one, answer: await answerTo(objects, tree, one) })
  }
  return { rows: caseRows(upTo, answers), times }
}

function foldByCommand(all: readonly LaidDown[]): readonly number[] {
  const every = Math.max(1, Math.floor(all.length / Number(values.sample)))
  return all
    .filter((_, at) => at % every === 0)
    .map(({ base, sides }) => {
      const beganMs = performance.now()
      const { status, stderr } = spawnSync(process.execPath, [troupe, 'fold', folder, base, ...sides])
      if (status !== 0) throw new Error(stderr.toString())
      return performance.now() - beganMs
    })
}

const at = (times: readonly number[], share: number): number =>
  Number((times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? 0).toFixed(1))
const spread = (times: readonly number[]) => ({ median: at(times, 0.5), p95: at(times, 0.95) })

try {
  await git.text(['init', '--quiet', '--bare'])
  await using objects = openObjects(git)
  const empty = asTreeId(await objects.write('tree', Buffer.alloc(0)))
  const all: LaidDown[] = []
  for (const one of readCases(path)) all.push(await layDown(objects, empty, one))
  const folds = []
  for (const upTo of grades) folds.push(await foldAll(all, upTo))
  const rows = folds.flatMap((fold) => fold.rows)
  const insideMs = spread(folds[1]?.times ?? [])
  const commandMs = spread(foldByCommand(all))
  const told = values.json
    ? [JSON.stringify({ schema: 'troupe/bench-fold-precision/1', rows, insideMs, commandMs })]
    : [
        ...rows.map((row) => rowText(row)),
        `a fold: ${insideMs.median} ms at the median, ${insideMs.p95} ms at the 95th percentile inside, ${commandMs.median} ms and ${commandMs.p95} ms as a command`,
      ]
  process.stdout.write(`${told.join('\n')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
