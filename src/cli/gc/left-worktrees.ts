import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Repository } from '../../changes/repository.ts'
import { openWorktrees } from '../../changes/worktree.ts'
import { unfinishedEntries } from '../../changes/worktree-administration.ts'
import type { RunLayout } from '../../store/layout.ts'
import { worktreeName } from '../../supervisor/run/open-workspaces.ts'
import { keptWorktrees, orphansOf } from '../../supervisor/run/salvage.ts'
import type { RunReading } from '../read-run.ts'
import { diskUsage } from './disk-usage.ts'
import type { LeftWorktree } from './run-remains.ts'

/**
 * What lies among a run's worktrees: those that git knows, folders that it does not know any more, and entries that were being
 * written or taken away when a supervisor died.
 */
export async function leftWorktrees(
  repository: Repository,
  { work }: Pick<RunLayout, 'work'>,
  reading: RunReading | null,
): Promise<readonly LeftWorktree[]> {
  const known = await openWorktrees({ repository, folder: work, parallel: 1 }).list()
  const whole = new Set(known.filter(({ commit }) => commit !== null).map(({ name }) => name))
  const holdsOf = contentOf(reading)
  const names = new Set([...known.map(({ name }) => name), ...(await readdir(work).catch(() => []))])
  const inFolder = [...names].map((name) => ({ name, directory: join(work, name) }))
  const aside = (await unfinishedEntries(repository, work)).map((directory) => ({ name: directory, directory }))
  return await Promise.all(
    [...inFolder, ...aside].map(async ({ name, directory }) => ({
      name,
      directory,
      bytes: await diskUsage(directory),
      holds: existsSync(directory) ? holdsOf(name, whole.has(name)) : 'rest',
    })),
  )
}

/** Of a folder that is there: one that was never made whole has nobody's work in it; of a run that nothing tells of, every other may have. */
function contentOf(reading: RunReading | null): (name: string, isWhole: boolean) => LeftWorktree['holds'] {
  if (reading === null) return (_, isWhole) => (isWhole ? 'kept' : 'rest')
  const kept = new Set(keptWorktrees(reading.records))
  const orphans = orphansOf(reading.manifest, reading.state)
  const underWay = new Set(orphans.map(({ task, attempt }) => worktreeName(task.id, attempt)))
  return (name, isWhole) => {
    if (kept.has(name)) return 'kept'
    return isWhole && underWay.has(name) ? 'unsealed' : 'rest'
  }
}
