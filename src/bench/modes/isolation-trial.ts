import { spawnSync } from 'node:child_process'
import { openHosts } from '../../actors/hosts/registry.ts'
import { sibling } from '../../actors/sibling.ts'
import { asActorId } from '../../ids.ts'
import type { Mode } from '../../plan/task.ts'
import type { BenchActor } from './bench-actor.ts'

/** Who lives on when one of four actors dies by an error that nobody catches. */
export interface Isolation {
  readonly othersAlive: number
  readonly supervisorAlive: boolean
}

/** Tries it in a process of its own, since not every mode lets it live. */
export function tryIsolation(mode: Mode): Isolation {
  const { stdout, status } = spawnSync(process.execPath, [import.meta.filename, mode], { encoding: 'utf8' })
  const othersAlive = Number(/^alive (\d)$/m.exec(stdout)?.[1] ?? 0)
  return { othersAlive, supervisorAlive: status === 0 }
}

async function trial(mode: Mode): Promise<void> {
  await using hosts = openHosts({ thread: { maxThreads: 4 } })
  const module = sibling(import.meta.url, 'bench-actor').href
  const start = (number: number) =>
    hosts
      .get(mode)
      .start<BenchActor>({ id: asActorId(`trial-${number}`), module, export: 'benchActor', input: null }, { emit() {} })
  const [first, ...others] = await Promise.all([0, 1, 2, 3].map(start))
  first?.cast('crash')
  await first?.closed
  const answers = await Promise.allSettled(others.map((actor) => actor.call('echo', 1)))
  process.stdout.write(`alive ${answers.filter(({ status }) => status === 'fulfilled').length}\n`)
}

if (process.argv[1] === import.meta.filename) await trial(process.argv[2] as Mode)
