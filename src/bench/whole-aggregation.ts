import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AggregatorApi } from '../actors/aggregator-api.ts'
import { aggregatorPlaces } from '../actors/aggregator-places.ts'
import type { HostKind } from '../actors/contract.ts'
import { openHosts } from '../actors/hosts/registry.ts'
import { sibling } from '../actors/sibling.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { asActorId, asAgentName, asRunId, asTaskId } from '../ids.ts'
import { keepHeapSmall } from '../processes/small-heap.ts'
import { linesInFile, MadeRepository, type Start } from './made-repository.ts'

/**
 * The whole of what the aggregator does with very many change sets of one repository: compare, choose, land one commit each, name
 * every conflict, account for every change. Each changes four files drawn by a seed, every fourth a place of its own in one shared
 * file. `--inside` is how it calls itself.
 */
const { values } = parseArgs({
  options: {
    sides: { type: 'string', default: '1000' },
    files: { type: 'string', default: '5000' },
    inside: { type: 'string' },
    mode: { type: 'string', default: 'async,thread,process' },
    json: { type: 'boolean', default: false },
  },
})
const [sideCount, fileCount] = [Number(values.sides), Number(values.files)]
const run = asRunId('20260101-000000-00000000')
interface Told {
  readonly mode: HostKind
  readonly sides: number
  readonly files: number
  readonly seconds: number
  readonly megabytes: number
  readonly landed: number
  readonly conflicts: number
}

const inWords = ({ mode, sides, files, seconds, megabytes, landed, conflicts }: Told): string =>
  `${mode}: ${sides} change sets, ${files} files: ${seconds} s and ${megabytes} MB; ${landed} landed, ${conflicts} conflicts named\n`

/** Where the change sets lie that the aggregation is given. */
const givenIn = (folder: string): string => join(folder, '.git/change-sets.json')

/** Park and Miller's minimal standard generator. */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below
}

async function sideOf(
  number: number,
  { repository, objects, start }: { repository: MadeRepository; objects: Objects; start: Start },
): Promise<ChangeSet> {
  const draw = drawing(number + 1)
  const lines = Array.from({ length: 4 }, () => ({ file: 1 + draw(fileCount - 1), line: draw(linesInFile) }))
  if (number % 4 === 0) lines.push({ file: 0, line: number })
  const made = await repository.change(objects, start, { by: `side ${number}`, lines })
  return { task: asTaskId(`side-${number}`), agent: asAgentName('bench'), attempt: 1, base: start.base, ...made }
}

async function makeChangeSets(repository: MadeRepository): Promise<void> {
  const start = await repository.begin()
  await using objects = openObjects(repository.git)
  const changeSets: ChangeSet[] = []
  for (let number = 0; number < sideCount; number += 1)
    changeSets.push(await sideOf(number, { repository, objects, start }))
  writeFileSync(givenIn(repository.folder), JSON.stringify(changeSets))
}

/** The actor lives as in `troupe run`. */
async function aggregate(folder: string, mode: HostKind): Promise<object> {
  keepHeapSmall()
  const changeSets = JSON.parse(readFileSync(givenIn(folder), 'utf8')) as readonly ChangeSet[]
  await using hosts = openHosts(aggregatorPlaces)
  const input = { run, repository: folder, base: changeSets[0]?.base, scratch: join(folder, '.agents/check') }
  const module = sibling(import.meta.url, '../actors/aggregator-actor').href
  const spec = { id: asActorId('aggregator'), module, export: 'aggregatorActor', input }
  const actor = await hosts.get(mode).start<AggregatorApi>(spec, { emit() {} })
  const beganMs = performance.now()
  const { tasks, conflicts } = await actor.call('propose', {
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
  const landed = tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const megabytes = Math.round(peakBytes(actor.identity?.pid ?? process.pid) / 1e6)
  return { mode, sides: sideCount, files: fileCount, seconds, megabytes, landed, conflicts: conflicts.length }
}

/** proc(5), VmHWM. */
function peakBytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** In a process of its own, so that only the aggregation counts for the memory. */
function aggregateApart(folder: string, mode: HostKind): Told {
  const again = [import.meta.filename, ...process.argv.slice(2), '--inside', folder, '--mode', mode]
  const { stdout, stderr, status } = spawnSync(process.execPath, again, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Told
}

if (values.inside !== undefined) {
  process.stdout.write(JSON.stringify(await aggregate(values.inside, values.mode as HostKind)))
} else {
  using repository = new MadeRepository({ name: 'aggregation', files: fileCount, linesInShared: sideCount + 3 })
  await makeChangeSets(repository)
  const told = values.mode.split(',').map((mode) => aggregateApart(repository.folder, mode as HostKind))
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ schema: 'troupe/bench-aggregation/2', modes: told })}\n`
      : told.map(inWords).join(''),
  )
}
