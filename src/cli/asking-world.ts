import type { Log } from '../log.ts'
import type { ResolverSettings } from '../plan/task.ts'
import type { RunId } from '../ids.ts'
import type { AskingWorld } from '../supervisor/run/ask-about-conflicts.ts'
import { ruleOf } from '../supervisor/run/rules.ts'
import type { Run } from '../supervisor/run/run.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { taskAt } from '../supervisor/run/task-change.ts'
import { placementOf, type Prepared } from './prepare.ts'
import type { RunStage } from './run-stage.ts'

/** Aborted when the run is asked to stop: what goes on after its tasks have ended listens here. */
export interface Halt {
  readonly polite: AbortController
  readonly force: AbortController
}

/** A run whose tasks have all ended. */
export interface Settled {
  readonly run: Run
  readonly halt: Halt
  readonly state: RunState
}

/** What conflicts are asked about with. */
export interface AskingScene {
  readonly prepared: Prepared
  readonly held: { readonly id: RunId }
  readonly stage: RunStage
  readonly log: Log
}

/** What an agent is asked about a run's conflicts with. */
export function askingWorld(
  { prepared, held, stage, log }: AskingScene,
  { run, state, halt, resolver }: Settled & { readonly resolver: ResolverSettings },
): AskingWorld {
  const { manifest, rules } = prepared
  return {
    id: held.id,
    run,
    resolver,
    placement: placementOf(resolver.task, manifest),
    aggregator: stage.aggregator,
    live: stage.live,
    log,
    polite: halt.polite.signal,
    force: halt.force.signal,
    attempt: stage.resolution,
    told(id) {
      const { index } = ruleOf(rules, id)
      const { state: ended } = taskAt(state, index)
      const prompt = manifest.tasks[index]?.prompt ?? null
      return { id, prompt, summary: ended.phase === 'succeeded' ? ended.summary : null }
    },
  }
}
