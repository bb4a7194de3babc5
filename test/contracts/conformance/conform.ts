import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ActorHost } from '../../../src/actors/contract.ts'
import { newFolder } from '../../agents/acp-stage.ts'
import { assignment } from '../../agents/perform.ts'
import { type HostedPerformance, logBytes, performOn } from './perform-on-host.ts'
import type { Player } from './player.ts'
import { type Happening, type Scene, scenes, type SceneName } from './scenes.ts'

interface Trial {
  readonly player: Player
  readonly scene: SceneName
  readonly host: ActorHost
}

/** What every workspace holds in the beginning. */
const modules = [
  ['module0.py', 'def add(a, b):\n    """Adds."""\n    return a + b\n'],
  ['module1.py', 'def subtract(a, b):\n    """Subtracts."""\n    return a - b\n'],
] as const

const mostOutcomeBytes = 50_000

/** Holds one agent to one scene, or says why it cannot happen to it. */
export async function conform(t: Test, { player, scene: name, host }: Trial): Promise<void> {
  const reason = player.cannot[name]
  if (reason !== undefined) return void t.pass(`${name}: cannot happen, for ${reason}`)
  const difference = player.differs[name]
  const scene: Scene = scenes[name]
  const { outcome, files = {} } = difference ?? scene
  await t.test(difference === undefined ? name : `${name} (otherwise: ${difference.because})`, async (t) => {
    const folder = newFolder(t)
    const directory = join(folder, 'work space ü')
    mkdirSync(directory)
    for (const [file, text] of modules) writeFileSync(join(directory, file), text)
    const performed = await performScene(t, { player, scene, host, folder, directory, again: difference === undefined })
    t.match(performed.outcome, outcome, 'it ends as it must', { ended: performed.outcome })
    for (const [file, text] of Object.entries(files)) t.match(textOf(join(directory, file)), text, file)
    t.ok(performed.output.length <= logBytes * 1.1, 'its log is bounded')
    t.ok(JSON.stringify(performed.outcome).length <= mostOutcomeBytes, 'and so is its result')
    t.ok(performed.progress.every((line) => line.trim() !== '' && !line.includes('\n') && line.length <= 500))
  })
}

interface Performing extends Omit<Trial, 'scene'> {
  readonly scene: Scene
  readonly folder: string
  readonly directory: string
  readonly again: boolean
}

/** The attempt, and the next one where the first came to nothing by no fault of its own. */
async function performScene(t: Test, performing: Performing): Promise<HostedPerformance> {
  const { scene, again } = performing
  const first = await attempt(t, performing, scene.happens)
  if (!again || scene.again !== true || first.outcome.how !== 'failed') return first
  const { kind, class: why } = first.outcome.failure
  t.match({ kind, class: why }, uncounted, 'it counts against no retry', { ended: first.outcome })
  t.match(first.released.at(-1), { how: 'refused', class: why }, 'and whoever shares its provider knows')
  return await attempt(
    t,
    performing,
    scene.happens.filter((one) => !('provider' in one)),
  )
}

const uncounted = {
  kind: /^(?:quota|infrastructure)$/,
  class: /^(?:rate_limit|network)$/,
}

async function attempt(
  t: Test,
  { player, scene, host, folder, directory }: Performing,
  happens: readonly Happening[],
): Promise<HostedPerformance> {
  const given = await player.stage(t, happens, directory)
  const stop = scene.stop && {
    when: () => existsSync(join(directory, scene.stop?.when ?? '')),
    graceMs: scene.stop.graceMs,
  }
  return await performOn(host, player.kind, assignment(player.kind, { directory, ...given }), {
    folder: join(folder, 'logs'),
    stop: stop ?? null,
  })
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : 'nothing is there')
