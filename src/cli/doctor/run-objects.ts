import type { CommitId } from '../../ids.ts'
import type { FoundRun } from '../find-run.ts'
import { refsOfRun } from '../../refs.ts'

/** Full names of a run's refs, with the commits they are at. */
export type Refs = ReadonlyMap<string, string>

/** A run's refs as they are. */
export async function refsOf({ id, repository }: FoundRun): Promise<Refs> {
  const listed = await repository.git.text(['for-each-ref', '--format=%(refname) %(objectname)', refsOfRun(id)])
  const lines = listed.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => line.split(' ') as [string, string]))
}

/**
 * What git lacks of these commits, their trees and files, in its own words; null when nothing is missing.
 * @param base What they were made from: it and all before it are not looked at.
 */
export async function missingObjects(
  { repository }: FoundRun,
  commits: readonly string[],
  base: CommitId | null,
): Promise<string | null> {
  if (commits.length === 0) return null
  const input = [...commits, ...(base === null ? [] : [`^${base}`])].map((commit) => `${commit}\n`).join('')
  const args = ['rev-list', '--objects', '--quiet', '--stdin']
  const { exitCode, stderr } = await repository.git.run(args, { input, accept: [0, 1, 128] })
  return exitCode === 0 ? null : stderr.trim().split('\n').slice(0, 3).join('; ')
}
