import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import type { Answer, Question, Setting } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { type BenchRepository, makeBenchRepository, newestJournal, startTroupe } from '../suite/troupe-run.ts'

/** How long after a supervisor was killed everything runs again, by how much its journal holds. */
export const recoveryQuestion: Question = { name: 'recovery', title: 'From SIGKILL to all running again', ask }

/** Tasks that run when the supervisor is killed. */
const running = 8

function ask(setting: Setting): Promise<Answer> {
  return askRecovery(setting, { rounds: 5, counts: setting.full ? [50, 500, 5_000, 50_000] : [20, 100] })
}

/** Asks it for so many tasks that had ended, the fewest first. */
export async function askRecovery(
  { folder, tell }: Setting,
  { rounds, counts }: { readonly rounds: number; readonly counts: readonly number[] },
): Promise<Answer> {
  const things = new Map(
    counts.map((count) => {
      let trials = 0
      return [
        `${count}`,
        async () => {
          trials += 1
          const repository = await makeBenchRepository(join(folder, `${count} ${trials}`), { 'readme.txt': 'a line\n' })
          return await recover(repository, count)
        },
      ] as const
    }),
  )
  const results = await inRounds(rounds, things, tell)
  const all = [...results].map(([count, trials]) => ({ count: Number(count), trials }))
  return {
    tables: [
      {
        title: `Until all ${running} tasks run again`,
        head: ['tasks that had ended', 'journal records', 'ms'],
        rows: all.map(({ count, trials }) => [
          `${count}`,
          inDigits(median(trials.map(({ records }) => records))),
          inDigits(median(trials.map(({ ms }) => ms))),
        ]),
      },
    ],
    plots: [
      {
        title: `Until all ${running} tasks run again`,
        x: { label: 'journal records', isLogarithmic: true },
        y: { label: 'ms', isLogarithmic: false },
        isLine: false,
        points: all.flatMap(({ trials }) =>
          trials.map(({ records, ms }) => ({ series: 'troupe resume', x: records, y: ms })),
        ),
      },
    ],
    measured: all.map(({ count, trials }) => ({
      name: `${count} tasks had ended`,
      unit: 'ms',
      samples: trials.map(({ ms }) => ms),
    })),
    ratios: all.slice(1).map(({ count, trials }) =>
      ratioOf(`all run again: time with ${count} tasks that had ended against ${counts[0]}`, {
        of: trials.map(({ ms }) => ms),
        to: all[0]?.trials.map(({ ms }) => ms) ?? [],
      }),
    ),
    notes: [
      'From the start of `troupe resume`, the start of Node included, to the beginning of the last attempt, as the journal tells.',
    ],
  }
}

interface Recovery {
  /** In the journal when the supervisor was killed. */
  readonly records: number
  readonly ms: number
}

async function recover(repository: BenchRepository, ended: number): Promise<Recovery> {
  const file = join(repository.root, '..', 'manifest.json')
  writeFileSync(file, JSON.stringify(manifestOf(ended)))
  const first = startTroupe(repository, ['run', file])
  await until(first, () => attemptsOfSleepers(repository) >= running)
  const gone = once(first, 'exit')
  first.kill('SIGKILL')
  await gone
  const records = newestJournal(repository).length
  const beganMs = Date.now()
  const second = startTroupe(repository, ['resume'])
  await until(second, () => attemptsOfSleepers(repository) >= 2 * running)
  const again = newestJournal(repository).findLast(({ event }) => event.type === 'attempt-started')?.at ?? Number.NaN
  const over = once(second, 'exit')
  second.kill('SIGINT')
  second.kill('SIGINT')
  await over
  return { records, ms: again - beganMs }
}

/** Many that end at once, then some that do not end. */
function manifestOf(ended: number): object {
  const names = Array.from({ length: ended }, (_, number) => `t${number}`)
  const sleepers = Array.from({ length: running }, (_, number) => `sleeper${number}`)
  return {
    version: 1,
    mode: 'async',
    snapshot: 'off',
    concurrency: running,
    agents: { line: { kind: 'command' } },
    tasks: [
      ...names.map((id) => ({ id, agent: 'line', workspace: 'none', priority: 1, command: ['true'] })),
      ...sleepers.map((id) => ({ id, agent: 'line', workspace: 'none', command: ['sleep', '600'] })),
    ],
  }
}

function attemptsOfSleepers(repository: BenchRepository): number {
  try {
    return newestJournal(repository).filter(
      ({ event }) => event.type === 'attempt-started' && event.task.startsWith('sleeper'),
    ).length
  } catch {
    return 0 // there is no journal yet
  }
}

/** Looks every 50 ms, which is not part of what is measured. Throws when the supervisor ends before. */
async function until(supervisor: ChildProcess, isSo: () => boolean): Promise<void> {
  let said = ''
  supervisor.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  while (!isSo()) {
    if (supervisor.exitCode !== null)
      throw new Error(`troupe ended with ${supervisor.exitCode}:\n${said.slice(-2_000)}`)
    const { promise, resolve } = Promise.withResolvers<void>()
    systemClock.after(50, resolve)
    await promise
  }
}
