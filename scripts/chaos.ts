import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { carryOutTrials, repeatingWith, type Tally, tallyOf, type Tried } from '../test/chaos/campaign.ts'
import type { Mode } from '../test/chaos/life.ts'
import { buildScene, type Scene } from '../test/chaos/scene.ts'
import type { Trial } from '../test/chaos/trial.ts'
import { trialsAtEveryRecord, trialsAtMoments } from '../test/chaos/trials.ts'
import { runUndisturbed } from '../test/chaos/undisturbed.ts'

/**
 * The kill fuzz: kills the supervisor of a run of twenty tasks at every record of its journal and at random moments, resumes, and
 * compares what comes out with an undisturbed run. Ends with 1 when a promise was broken; the folders of those trials are kept.
 */
const { values } = parseArgs({
  options: {
    /** Only at every record. */
    records: { type: 'boolean', default: false },
    /** Only at so many random moments, in each mode. */
    moments: { type: 'string' },
    mode: { type: 'string', multiple: true, default: ['thread', 'process'] },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: '3' },
    /** One trial, as a failure prints it. */
    trial: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

interface Row extends Tally {
  readonly mode: Mode
  readonly form: 'records' | 'moments' | 'trial'
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`)
const folder = mkdtempSync(join(tmpdir(), 'troupe-chaos-'))
const template = buildScene(join(folder, 'template'))
const began = performance.now()
const given = values.trial === undefined ? null : (JSON.parse(values.trial) as Trial)
const failures: Tried[] = []
const rows: Row[] = []
for (const mode of given === null ? (values.mode as readonly Mode[]) : [given.mode]) {
  rows.push(...(await campaignIn(mode, template)))
}
report()

async function campaignIn(mode: Mode, scene: Scene): Promise<readonly Row[]> {
  const undisturbed = await runUndisturbed(scene, join(folder, `undisturbed-${mode}`), mode)
  tell(
    `${mode}: undisturbed ${Math.round(undisturbed.endsMs)} ms, ${undisturbed.lines} records, tree ${undisturbed.tree}`,
  )
  if (undisturbed.broken.length > 0)
    throw new Error(`even the undisturbed run broke promises: ${undisturbed.broken.join('; ')}`)
  const urn = { mode, undisturbed, seed: Number(values.seed), again: 0.25 }
  const forms = {
    trial: given === null ? [] : [given],
    records: given === null && (values.records || values.moments === undefined) ? trialsAtEveryRecord(urn) : [],
    moments:
      given === null && !(values.records && values.moments === undefined)
        ? trialsAtMoments(urn, Number(values.moments ?? 500))
        : [],
  }
  const done: Row[] = []
  for (const form of ['trial', 'records', 'moments'] as const) {
    if (forms[form].length === 0) continue
    const tried = await carryOutTrials(
      {
        template: scene,
        folder: join(folder, form),
        tree: undisturbed.tree,
        parallel: Number(values.parallel),
        observe: observing(`${mode} ${form}`, forms[form].length),
      },
      forms[form],
    )
    done.push({ mode, form, ...tallyOf(tried) })
  }
  return done
}

function observing(name: string, total: number): (tried: Tried) => void {
  let ended = 0
  return (tried) => {
    ended += 1
    if (ended % 25 === 0 || ended === total) tell(`${name}: ${ended} of ${total}, ${failures.length} broken`)
    if (tried.broken.length === 0) return
    failures.push(tried)
    tell(
      [
        `${name}: BROKEN in ${tried.folder}`,
        ...tried.broken.map((text) => `  ${text}`),
        `  ${repeatingWith(tried.trial)}`,
      ].join('\n'),
    )
  }
}

function report(): void {
  const seconds = Math.round((performance.now() - began) / 1_000)
  if (values.json) {
    const broken = failures.map(({ trial, broken: promises, folder: place }) => ({ trial, promises, folder: place }))
    console.log(JSON.stringify({ schema: 'troupe/chaos/1', seed: Number(values.seed), seconds, rows, broken }, null, 2))
  } else {
    console.table(rows)
    console.log(`${failures.length} trials broke a promise; seed ${values.seed}; ${seconds} s`)
  }
  if (failures.length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  else process.exitCode = 1
}
