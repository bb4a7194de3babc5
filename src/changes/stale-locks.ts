import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunId } from '../ids.ts'
import { refsOfRun } from '../refs.ts'
import type { Repository } from './repository.ts'

/** Takes away the locks that git left on a run's refs when it was killed; only for whoever alone carries the run out. */
export async function removeStaleLocks({ commonDirectory }: Repository, run: RunId): Promise<void> {
  const folder = join(commonDirectory, refsOfRun(run))
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  await Promise.all(
    names.filter((name) => name.endsWith('.lock')).map((name) => rm(join(folder, name), { force: true })),
  )
}
