import { parseArgs } from 'node:util'
import type { ChangeSet } from '../changes/change-set.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { asAgentName, asTaskId } from '../ids.ts'
import { openOverlaps } from '../merge/overlaps.ts'
import { MadeRepository, type Start } from './made-repository.ts'

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

using repository = new MadeRepository({ name: 'matrix', files, linesInShared: 400 })
const { git: opened } = repository

/** What a workspace holds when it is saved for the `nth` time. */
async function snapshotOf(
  objects: Objects,
  start: Start,
  [number, nth]: readonly [number, number],
): Promise<ChangeSet> {
  const lines = [
    { file: 1 + number, line: 3 },
    { file: 0, line: (number >> 1) * 5 },
  ]
  const { commit, tree } = await repository.change(objects, start, { by: `workspace ${number}, ${nth}`, lines })
  const { base } = start
  return { task: asTaskId(`t${number}`), agent: asAgentName('a'), attempt: 1, base, commit, tree, files: [] }
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

const start = await repository.begin()
const rows: { readonly workspaces: number; readonly p50Ms: number; readonly p95Ms: number }[] = []
for (const workspaces of sizes) {
  const times = await refreshMs(start, workspaces)
  const at = (share: number): number => Math.round((times[Math.floor((samples - 1) * share)] ?? 0) * 10) / 10
  rows.push({ workspaces, p50Ms: at(0.5), p95Ms: at(0.95) })
}
const lines = rows.map(
  ({ workspaces, p50Ms, p95Ms }) => `${workspaces} workspaces: ${p50Ms} ms (p50), ${p95Ms} ms (p95)`,
)
const told = values.json ? JSON.stringify({ schema: 'troupe/bench-matrix/1', files, samples, rows }) : lines.join('\n')
process.stdout.write(`${told}\n`)
