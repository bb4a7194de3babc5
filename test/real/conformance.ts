/**
 * Real coding agents, each by its real program, held to the table of scenes that every kind of agent is held to, in threads and in
 * processes: started by scripts/test-real.ts with `--conformance`.
 */
import { join } from 'node:path'
import t from 'tap'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { root } from '../acceptance/troupe.ts'
import { conform } from '../contracts/conformance/conform.ts'
import { sceneNames } from '../contracts/conformance/scenes.ts'
import { programOf, realAgents } from './agents.ts'
import { realPlayer } from './player.ts'

const hosts = openHosts({ thread: { maxThreads: 1 } })
t.teardown(() => hosts[Symbol.asyncDispose]())

for (const agent of realAgents.filter(({ name }) => process.argv.includes(name))) {
  const program = programOf(agent, join(root, '.real'))
  if (program === null) throw new Error(`${agent.name} is not installed`)
  const player = realPlayer(agent, program)
  for (const mode of ['thread', 'process'] as const) {
    void t.test(`${player.title} in the mode ${mode} conforms`, async (t) => {
      for (const scene of sceneNames) await conform(t, { player, scene, host: hosts.get(mode) })
    })
  }
}
