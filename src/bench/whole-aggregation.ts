import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { aggregatorActor } from '../actors/aggregator-actor.ts'
import type { AggregatorApi } from '../actors/aggregator-api.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import { writeCommit } from '../changes/commit.ts'
import { type Git, openGit } from '../changes/git.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asActorId, asAgentName, asCommitId, asRunId, asTaskId, asTreeId, type CommitId, type TreeId } from '../ids.ts'

/**
 * The whole of what the aggregator does with very many change sets of one repository: compare, choose, land one commit each, name
 * every conflict, account for every change. Each changes four files drawn by a seed, every fourth a place of its own in one shared
 * file. `--inside` is how it calls itself, so that only the aggregation counts for the memory.
 */
const { values } = parseArgs({
  options: {
    sides: { type: 'string', default: '1000' },
    files: { type: 'string', default: '5000' },
    inside: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [sideCount, fileCount] = [Number(values.sides), Number(values.files)]
const linesInFile = 40
const run = asRunId('20260101-000000-00000000')

const nameOf = (file: number): string => `d${file % 50}/f${file}.txt`
const textOf = (file: number, change?: readonly [number, string]): string =>
  Array.from({ length: file === 0 ? sideCount + 3 : linesInFile }, (_, line) =>
    line === change?.[0] ? change[1] : `line ${line} of ${file}`,
  ).join('\n')

/** Park and Miller's minimal standard generator. */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below
}

interface Start {
  readonly git: Git
  readonly objects: Objects
  readonly base: CommitId
  readonly tree: TreeId
}

async function sideOf(number: number, { git, objects, base, tree }: Start): Promise<ChangeSet> {
  const draw = drawing(number + 1)
  const edits = new Map<string, TreeEntry>()
  const put = async (file: number, line: number): Promise<void> => {
    const text = Buffer.from(textOf(file, [line, `changed by ${number}`]))
    edits.set(nameOf(file), { mode: '100644', oid: await objects.write('blob', text) })
  }
  for (let nth = 0; nth < 4; nth += 1) await put(1 + draw(fileCount - 1), draw(linesInFile))
  if (number % 4 === 0) await put(0, number)
  const whole = await editTree(objects, tree, edits)
  const draft = { tree: whole, parents: [base], message: `side ${number}\n`, seconds: 1 }
  const commit = await writeCommit(git, draft)
  const files = [...edits.keys()].toSorted()
  const task = asTaskId(`side-${number}`)
  return { task, agent: asAgentName('bench'), attempt: 1, base, commit, tree: asTreeId(whole), files }
}

const folder = values.inside ?? mkdtempSync(join(tmpdir(), 'troupe-aggregation-'))

async function layOut(): Promise<void> {
  const git = openGit(folder)
  await git.text(['init', '--quiet', '--initial-branch', 'main'])
  for (let file = 0; file < fileCount; file += 1) {
    const path = join(folder, nameOf(file))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, textOf(file))
  }
  await git.text(['add', '--all'])
  await git.text(['commit', '--quiet', '--message', 'base'])
}

/** Where the change sets lie that the aggregation is given. */
const given = (): string => join(folder, '.git/change-sets.json')

async function makeChangeSets(): Promise<void> {
  const git = openGit(folder)
  const base = asCommitId(await git.text(['rev-parse', 'HEAD']))
  const tree = asTreeId(await git.text(['rev-parse', 'HEAD^{tree}']))
  await using objects = openObjects(git)
  const changeSets: ChangeSet[] = []
  for (let number = 0; number < sideCount; number += 1)
    changeSets.push(await sideOf(number, { git, objects, base, tree }))
  writeFileSync(given(), JSON.stringify(changeSets))
}

async function aggregate(): Promise<object> {
  const changeSets = JSON.parse(readFileSync(given(), 'utf8')) as readonly ChangeSet[]
  const base = changeSets[0]?.base
  const stop = new AbortController()
  const input = { run, repository: folder, base, scratch: join(folder, '.agents/check') }
  const actor = (await aggregatorActor({
    id: asActorId('aggregator'),
    input,
    signal: stop.signal,
    emit() {},
    room: () => Promise.resolve(),
    finish() {},
  })) as AggregatorApi
  const beganMs = performance.now()
  const { tasks, conflicts } = await actor.propose({
    tasks: changeSets.map((changeSet) => ({
      task: changeSet.task,
      agent: changeSet.agent,
      attempts: 1,
      needs: [],
      summary: null,
      findings: [],
      success: { contribution: { changeSet, owns: null } },
      trouble: null,
    })),
    checks: [],
    createdAt: '2026-01-01T00:00:00Z',
    interrupted: false,
  })
  const seconds = Number(((performance.now() - beganMs) / 1_000).toFixed(1))
  stop.abort()
  const landed = tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1_000)
  return { sides: sideCount, files: fileCount, seconds, megabytes, landed, conflicts: conflicts.length }
}

if (values.inside !== undefined) {
  process.stdout.write(JSON.stringify(await aggregate()))
} else {
  try {
    await layOut()
    await makeChangeSets()
    const again = [import.meta.filename, ...process.argv.slice(2), '--inside', folder]
    const { stdout, stderr, status } = spawnSync(process.execPath, again, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    const told = JSON.parse(stdout) as Readonly<Record<string, number>>
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ schema: 'troupe/bench-aggregation/1', ...told })}\n`
        : `${told['sides']} change sets, ${told['files']} files: ${told['seconds']} s and ${told['megabytes']} MB; ${told['landed']} landed, ${told['conflicts']} conflicts named\n`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
