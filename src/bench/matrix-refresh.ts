import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ChangeSet } from '../changes/change-set.ts'
import { openGit } from '../changes/git.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asAgentName, asCommitId, asTaskId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { openOverlaps } from '../merge/overlaps.ts'

/**
 * How long it takes to know all that does not go together among 2 to 64 workspaces after one of them was saved anew. Every workspace
 * changed a file of its own and one shared file, in which two and two meet.
 */
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    samples: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const [files, samples] = [Number(values.files), Number(values.samples)]
const sizes = [2, 4, 8, 16, 32, 64]
const linesInShared = 400

const folder = mkdtempSync(join(tmpdir(), 'troupe-matrix-'))
const opened = openGit(folder)

const nameOf = (file: number): string => `d${file % 50}/f${file}.txt`
const textOf = (file: number, change?: readonly [number, string]): string =>
  Array.from({ length: file === 0 ? linesInShared : 40 }, (_, line) =>
    line === change?.[0] ? change[1] : `line ${line} of ${file}`,
  ).join('\n')

interface Start {
  readonly base: CommitId
  readonly tree: TreeId
}

async function layOut(): Promise<Start> {
  await opened.text(['init', '--quiet', '--initial-branch', 'main'])
  for (let file = 0; file < files; file += 1) {
    const path = join(folder, nameOf(file))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, textOf(file))
  }
  await opened.text(['add', '--all'])
  await opened.text(['commit', '--quiet', '--message', 'base'])
  const [base = '', tree = ''] = (await opened.text(['rev-parse', 'HEAD', 'HEAD^{tree}'])).split('\n')
  return { base: asCommitId(base), tree: asTreeId(tree) }
}

/** What a workspace holds when it is saved for the `nth` time. */
async function snapshotOf(
  objects: Objects,
  { base, tree }: Start,
  [number, nth]: readonly [number, number],
): Promise<ChangeSet> {
  const edits = new Map<string, TreeEntry>()
  const said = `workspace ${number}, ${nth}`
  for (const [file, line] of [
    [1 + number, 3],
    [0, (number >> 1) * 5],
  ] as const) {
    const oid = await objects.write('blob', Buffer.from(textOf(file, [line, said])))
    edits.set(nameOf(file), { mode: '100644', oid })
  }
  const changed = asTreeId(await editTree(objects, tree, edits))
  const who = 'Bench <bench@localhost> 1 +0000'
  const text = `tree ${changed}\nparent ${base}\nauthor ${who}\ncommitter ${who}\n\n${said}\n`
  const commit = asCommitId(await objects.write('commit', Buffer.from(text)))
  return { task: asTaskId(`t${number}`), agent: asAgentName('a'), attempt: 1, base, commit, tree: changed, files: [] }
}

async function refreshMs(start: Start, count: number): Promise<readonly number[]> {
  await using objects = openObjects(opened)
  await using overlaps = openOverlaps(opened)
  const now = await Promise.all(Array.from({ length: count }, (_, number) => snapshotOf(objects, start, [number, 0])))
  await overlaps.look(now)
  const times: number[] = []
  for (let nth = 1; nth <= samples; nth += 1) {
    now[nth % count] = await snapshotOf(objects, start, [nth % count, nth])
    const beganMs = performance.now()
    const found = await overlaps.look(now)
    times.push(performance.now() - beganMs)
    if (found.length !== count >> 1) throw new Error(`${found.length} conflicts among ${count} workspaces`)
  }
  return times.toSorted((a, b) => a - b)
}

try {
  const start = await layOut()
  const rows: { readonly workspaces: number; readonly p50Ms: number; readonly p95Ms: number }[] = []
  for (const workspaces of sizes) {
    const times = await refreshMs(start, workspaces)
    const at = (share: number): number => Math.round((times[Math.floor((samples - 1) * share)] ?? 0) * 10) / 10
    rows.push({ workspaces, p50Ms: at(0.5), p95Ms: at(0.95) })
  }
  const lines = rows.map(
    ({ workspaces, p50Ms, p95Ms }) => `${workspaces} workspaces: ${p50Ms} ms (p50), ${p95Ms} ms (p95)`,
  )
  const told = values.json
    ? JSON.stringify({ schema: 'troupe/bench-matrix/1', files, samples, rows })
    : lines.join('\n')
  process.stdout.write(`${told}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
