import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { carryOutTrials, repeatingWith } from '../chaos/campaign.ts'
import { buildScene } from '../chaos/scene.ts'
import { trialOfEveryManner } from '../chaos/trials.ts'
import { runUndisturbed } from '../chaos/undisturbed.ts'
import { emptyFolder } from './troupe.ts'

const modes = ['thread', 'process'] as const
const seed = 3

/*
 * The short form of `npm run chaos`. That kills at every line of the journal in every manner, and at hundreds of moments, each in a run
 * of its own. This one takes every manner and two moments in either mode, one after the other in the same run: twelve kills in two runs.
 */

void t.test(
  'a supervisor that is killed again and again loses nothing, doubles nothing and leaves nothing',
  async (t) => {
    const folder = emptyFolder(t)
    const template = buildScene(join(folder, 'template'))
    // where it is quickest: every trial must come to its tree, in whatever mode
    const undisturbed = await runUndisturbed(template, join(folder, 'in peace'), 'async')
    t.same(undisturbed.broken, [], 'undisturbed')
    const trials = modes.map((mode) => trialOfEveryManner({ mode, undisturbed, seed }))
    const tried = await carryOutTrials(
      { template, folder, tree: undisturbed.tree, parallel: availableParallelism(), observe() {} },
      trials,
    )
    for (const { trial, broken, lives } of tried) {
      t.same(broken, [], repeatingWith(trial))
      const killed = lives.filter((life) => life.killed).map(({ fate }) => fate)
      t.same(killed, trial.fates, 'and each of them died as it should')
    }
    t.ok(
      tried.every(({ durable }) => durable > 0),
      'some came when there was something to lose',
    )
  },
)
