import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { carryOutTrials, repeatingWith } from '../chaos/campaign.ts'
import { buildScene } from '../chaos/scene.ts'
import { trialsAtMoments, trialsAtSomeRecords } from '../chaos/trials.ts'
import { runUndisturbed } from '../chaos/undisturbed.ts'
import { emptyFolder } from './troupe.ts'

const modes = ['thread', 'process'] as const
const seed = 3

void t.test(
  'a supervisor that is killed again and again loses nothing, doubles nothing and leaves nothing',
  async (t) => {
    const folder = emptyFolder(t)
    const template = buildScene(join(folder, 'template'))
    const undisturbed = await Promise.all(
      modes.map(async (mode) => ({
        mode,
        ...(await runUndisturbed(template, join(folder, `in peace ${mode}`), mode)),
      })),
    )
    for (const { mode, broken } of undisturbed) t.same(broken, [], `undisturbed, in ${mode} mode`)
    const trees = new Set(undisturbed.map(({ tree }) => tree))
    t.equal(trees.size, 1)
    const trials = undisturbed.flatMap((one) => {
      const urn = { mode: one.mode, undisturbed: one, seed, again: 0.1 }
      return [...trialsAtSomeRecords(urn, 4), ...trialsAtMoments(urn, 2)]
    })
    const [tree = ''] = trees
    const tried = await carryOutTrials(
      { template, folder, tree, parallel: availableParallelism(), observe() {} },
      trials,
    )
    for (const { trial, broken } of tried) t.same(broken, [], repeatingWith(trial))
    const kills = tried.reduce((total, one) => total + one.kills, 0)
    t.ok(kills >= trials.length * 0.8, `${kills} kills in ${trials.length} trials`)
    t.ok(
      tried.some(({ durable }) => durable > 0),
      'some came when there was something to lose',
    )
  },
)
