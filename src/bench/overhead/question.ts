import { join } from 'node:path'
import type { Mode } from '../../plan/task.ts'
import { findProgram } from '../../processes/find-program.ts'
import type { Answer, Question, Setting } from '../suite/question.ts'
import { inRounds } from '../suite/rounds.ts'
import { makeBenchRepository } from '../suite/troupe-run.ts'
import { lineRunners } from './commands.ts'
import { bullmq, peerNames } from './peer-names.ts'
import { type Amounts, atOnce, flameGraph, type Of, probesOf } from './probes.ts'
import { openRedis } from './redis.ts'
import { growthPlot, growthTable, measuredOf, ratePlot, rateTable, ratiosOf, whereTable } from './tables.ts'

/** What Troupe itself takes of a task's time, beside pools that do much less and programs that do one thing. */
export const overheadQuestion: Question = { name: 'overhead', title: 'Empty tasks through the whole path', ask: askFor }

const modes: readonly Mode[] = ['async', 'thread', 'process']

const short: Amounts = {
  rounds: 5,
  modes,
  tasks: { async: [100, 800], thread: [100], process: [100] },
  peers: peerNames,
  peerTasks: 1_000,
  commands: 100,
  programs: ['xargs'], // GNU parallel takes 20 ms for each command
  ballastBytes: 0,
}
const full: Amounts = {
  rounds: 5,
  modes,
  tasks: { async: [100, 1_000, 10_000, 100_000], thread: [2_000], process: [2_000] },
  peers: peerNames,
  peerTasks: 20_000,
  commands: 1_000,
  programs: [...lineRunners.keys()],
  ballastBytes: 2e9,
}

function askFor(setting: Setting): Promise<Answer> {
  return askOverhead(setting, setting.full ? full : short)
}

/** Asks it with so much of each. */
export async function askOverhead(setting: Setting, amounts: Amounts): Promise<Answer> {
  const repository = await makeBenchRepository(join(setting.folder, 'empty'), { 'readme.txt': 'a line\n' })
  await using redis = amounts.peers.includes(bullmq) ? await openRedis(setting.folder) : null
  const peers = amounts.peers.filter((name) => redis !== null || name !== bullmq)
  const programs = amounts.programs.filter((name) => findProgram(name, process.env) !== null)
  const scene = { setting, repository, amounts, peers, programs, redisPort: redis?.port ?? null }
  const results = await inRounds(amounts.rounds, probesOf(scene), setting.tell)
  const of: Of = (probe, figure) => (results.get(probe) ?? []).map((one) => one[figure] ?? Number.NaN)
  const flame = await flameGraph(scene)
  const missing = amounts.programs.filter((name) => !programs.includes(name))
  return {
    tables: [rateTable(of, scene), growthTable(of, scene), whereTable(flame)],
    plots: [ratePlot(of, scene), growthPlot(of, scene)],
    flames: [flame],
    measured: measuredOf(of, scene),
    ratios: ratiosOf(of, scene),
    notes: [
      ...(peers.length < amounts.peers.length ? ['BullMQ was skipped: there is no redis-server.'] : []),
      ...missing.map((name) => `${name} was skipped: it is not there.`),
      `An empty task of Troupe goes through the functions that \`troupe run\` uses: mailbox, supervision tree, host, actor and its handshake, journal with fsync before each start and each result, status and result file. At once: ${modes.map((mode) => `${mode} ${atOnce[mode]}`).join(', ')}. Its rate is that of the last three quarters of a run, when its threads and processes stand.`,
      'A peer has 128 tasks under way, in as many workers as there are processors; none of them writes anything down but BullMQ, which writes to the memory of Redis.',
    ],
  }
}
