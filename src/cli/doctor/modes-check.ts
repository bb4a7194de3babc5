import type { HostKind } from '../../actors/contract.ts'
import { type Hosts, openHosts } from '../../actors/hosts/registry.ts'
import { sibling } from '../../actors/sibling.ts'
import { messageOf } from '../../errors.ts'
import { asActorId } from '../../ids.ts'
import { type Check, fine, wrong } from './check.ts'
import type { Probe } from './probe-actor.ts'

const modes: readonly HostKind[] = ['async', 'thread', 'process']

/** Starts an actor in each mode and asks it something. */
export async function checkModes(): Promise<readonly Check[]> {
  await using hosts = openHosts({ startWithinMs: 10_000, thread: { maxThreads: 1 } })
  const checks: Check[] = []
  for (const mode of modes) checks.push(await checkMode(hosts, mode))
  return checks
}

async function checkMode(hosts: Hosts, mode: HostKind): Promise<Check> {
  const name = `mode ${mode}`
  const began = performance.now()
  try {
    const module = sibling(import.meta.url, 'probe-actor').href
    const spec = { id: asActorId(`doctor-${mode}`), module, export: 'probeActor', input: null }
    const actor = await hosts.get(mode).start<Probe>(spec, { emit: () => {} })
    await actor.call('answer')
    await actor.stop('the doctor is done', 1_000)
    return fine(name, `works, an actor in ${Math.round(performance.now() - began)} ms`)
  } catch (error) {
    return wrong(name, messageOf(error), 'choose another mode with --mode')
  }
}
