import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { openGit } from '../changes/git.ts'
import { systemClock } from '../clock.ts'
import type { Conflict } from '../merge/conflict.ts'
import type { Recorded } from '../supervisor/run/events.ts'

/**
 * How soon people know that two agents at work write what does not go together: agents of a real run write at seeded moments, two and
 * two the same lines of a file, each time another one. Measured from the second write to the event in the journal, and to the first
 * `troupe status --json` that shows it.
 * Ends with 1 when one in twenty is known later than 3 s after.
 */
const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '16' },
    files: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const [agents, files, rounds] = [Number(values.agents), Number(values.files), Number(values.rounds)]
const wantedMs = 3_000
const roundMs = 5_000
/** Between the beginning of the last agent and the first round. */
const leadMs = 2_000

const folder = mkdtempSync(join(tmpdir(), 'troupe-live-'))
const root = join(folder, 'repository')
const notes = join(folder, 'notes')
/** Holds the time at which the first round begins; agents wait for it. */
const gate = join(notes, 'begin')
const program = fileURLToPath(new URL('../../bin/troupe.mjs', import.meta.url))
const { text: git } = openGit(root)

/** From 0 to 1; the same for the same seed (mulberry32). */
let state = Number(values.seed)
function chance(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const nameOf = (file: number): string => `d${file % 50}/e${file % 7}/f${file}.txt`
/** The file that a pair of agents meets in. */
const meeting = (agent: number, round: number): string => nameOf((agent >> 1) * rounds + round)

async function layOut(): Promise<void> {
  mkdirSync(root)
  mkdirSync(notes)
  await git(['init', '--quiet', '--initial-branch', 'main'])
  for (let file = 0; file < files; file += 1) {
    const path = join(root, nameOf(file))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, Array.from({ length: 40 }, (_, line) => `line ${line} of ${file}\n`).join(''))
  }
  await git(['add', '--all'])
  await git(['commit', '--quiet', '--message', 'base'])
}

/** Waits for moments and writes; tells the time of each write. */
function scriptOf(agent: number): string {
  const steps = Array.from({ length: rounds }, (_, round) => {
    const at = round * roundMs + Math.round(chance() * roundMs * 0.8)
    const own = nameOf(files - 1 - agent * rounds - round)
    return [
      sleepUntil(at),
      `echo mine > ${own}`,
      `sed -i '5s/.*/agent ${agent} in round ${round}/' ${meeting(agent, round)}`,
      `date +%s%3N > '${join(notes, `${agent}.${round}`)}'`,
    ].join('\n')
  })
  const ready = `touch '${join(notes, `ready.${agent}`)}'; until [ -e '${gate}' ]; do sleep 0.1; done; begin=$(cat '${gate}')`
  return [ready, ...steps, sleepUntil(rounds * roundMs + 8_000)].join('\n')
}

const sleepUntil = (afterMs: number): string =>
  `ms=$((begin + ${afterMs} - $(date +%s%3N))); if [ $ms -gt 0 ]; then sleep $((ms / 1000)).$(printf %03d $((ms % 1000))); fi`

function manifestOf(): object {
  const ids = Array.from({ length: agents }, (_, agent) => agent)
  return {
    version: 1,
    concurrency: agents,
    agents: { sh: { kind: 'command', shell: true } },
    tasks: ids.map((agent) => ({ id: `t${agent}`, agent: 'sh', command: scriptOf(agent) })),
  }
}

/** Milliseconds of processor time that a process and those it has waited for have used (proc_pid_stat(5)). */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
}

/** When each conflict was first shown by `troupe status`. */
async function watchStatus(run: ChildProcess, shown: Map<string, number>): Promise<void> {
  while (run.exitCode === null) {
    const { stdout } = await promisify(execFile)(process.execPath, [program, '-C', root, '--json', 'status']).catch(
      () => ({
        stdout: '{}',
      }),
    )
    const { overlaps = [] } = JSON.parse(stdout) as { readonly overlaps?: readonly Conflict[] }
    for (const { file } of overlaps) if (!shown.has(file)) shown.set(file, systemClock.now())
    await new Promise<void>((resolve) => systemClock.after(250, resolve))
  }
}

async function measure(): Promise<{ readonly told: number[]; readonly shown: number[]; readonly share: number }> {
  const manifest = join(folder, 'troupe.json')
  writeFileSync(manifest, JSON.stringify(manifestOf()))
  const run = spawn(process.execPath, [program, '-C', root, 'run', manifest], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { pid = 0 } = run
  const wait = (untilMs: number): Promise<void> =>
    new Promise((resolve) => systemClock.after(untilMs - systemClock.now(), resolve))
  const ended = once(run, 'exit')
  while (!Array.from({ length: agents }).every((_, agent) => existsSync(join(notes, `ready.${agent}`)))) {
    await wait(systemClock.now() + 50)
  }
  const beginMs = systemClock.now() + leadMs
  writeFileSync(`${gate}.new`, String(beginMs))
  renameSync(`${gate}.new`, gate)
  const shownAt = new Map<string, number>()
  const watched = wait(beginMs).then(() => watchStatus(run, shownAt))
  await wait(beginMs)
  const before = processorMs(pid)
  await wait(beginMs + rounds * roundMs)
  const share = (processorMs(pid) - before) / (rounds * roundMs)
  await ended
  await watched
  const toldAt = conflictTimes()
  const pairs = Array.from({ length: (agents >> 1) * rounds }, (_, at) => {
    const [agent, round] = [Math.floor(at / rounds) * 2, at % rounds]
    const written = [agent, agent + 1].map((one) => Number(readFileSync(join(notes, `${one}.${round}`), 'utf8')))
    return { file: meeting(agent, round), secondMs: Math.max(...written) }
  })
  const since = (times: ReadonlyMap<string, number>): number[] =>
    pairs.map(({ file, secondMs }) => (times.get(file) ?? Number.POSITIVE_INFINITY) - secondMs)
  return { told: since(toldAt), shown: since(shownAt), share }
}

function conflictTimes(): ReadonlyMap<string, number> {
  const runs = join(root, '.agents/runs')
  const [id = ''] = readdirSync(runs)
  const records = readFileSync(join(runs, id, 'journal.ndjson'), 'utf8').split('\n')
  const times = new Map<string, number>()
  for (const line of records.filter((one) => one.includes('"conflict-found"'))) {
    const { at, event } = JSON.parse(line.slice(line.indexOf('{'))) as Recorded
    if (event.type !== 'conflict-found' || !event.asOfNow) continue
    for (const { file } of event.conflicts) if (!times.has(file)) times.set(file, at)
  }
  return times
}

const at = (all: readonly number[], share: number): number =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN

try {
  await layOut()
  const { told, shown, share } = await measure()
  const result = {
    agents,
    files,
    writes: told.length,
    event: { p50Ms: at(told, 0.5), p95Ms: at(told, 0.95) },
    status: { p50Ms: at(shown, 0.5), p95Ms: at(shown, 0.95) },
    processorShare: share,
  }
  const text = `${agents} agents, ${files} files, ${told.length} conflicts: in the journal after ${result.event.p50Ms} ms (p50), ${result.event.p95Ms} ms (p95), in status after ${result.status.p50Ms} ms, ${result.status.p95Ms} ms; ${(share * 100).toFixed(0)} % of one core`
  process.stdout.write(`${values.json ? JSON.stringify({ schema: 'troupe/bench-live/1', ...result }) : text}\n`)
  process.exitCode = result.event.p95Ms <= wantedMs ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
