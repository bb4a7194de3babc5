import { systemClock } from '../clock.ts'
import { TroupeError } from '../errors.ts'
import type { ProposalRequest } from '../merge/proposal-request.ts'
import type { Proposal } from '../merge/proposal.ts'
import { askAboutConflicts } from '../supervisor/run/ask-about-conflicts.ts'
import { proposalRequest } from '../supervisor/run/proposal-request.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { askingWorld, type AskingScene, type Halt, type Settled } from './asking-world.ts'
import { checkSettings } from './check-settings.ts'

/** A run whose tasks have all ended, and how its proposal is broken off. */
export interface Proposing extends Settled {
  /** Aborted when the run is asked to stop from now on. */
  readonly breakOff: Halt
  /** When, in ISO 8601: its commits are of then. */
  readonly createdAt: string
}

/**
 * Makes the proposal of a run. A stop ends what is run for it: an interrupted run has a proposal of what there is, without checks.
 * @throws TroupeError RUN_STOPPED when it is stopped by force
 */
export async function makeProposal(scene: AskingScene, proposing: Proposing): Promise<Proposal> {
  const { aggregator } = scene.stage
  const { run, state, breakOff, createdAt } = proposing
  breakOff.polite.signal.addEventListener('abort', () => void aggregator.halt().catch(() => {}), { once: true })
  const made = await beforeForce(proposing, ask(scene, proposing, requestOf(scene, state, createdAt)))
  const { phase } = run.state
  if (made.interrupted || phase.name !== 'settled' || !phase.interrupted) return made
  return await beforeForce(proposing, aggregator.propose(requestOf(scene, run.state, createdAt)))
}

async function ask(scene: AskingScene, settled: Settled, request: ProposalRequest): Promise<Proposal> {
  const { resolver } = scene.prepared.manifest.merge
  return resolver === null || request.interrupted
    ? await scene.stage.aggregator.propose(request)
    : await askAboutConflicts(askingWorld(scene, { ...settled, resolver }), request)
}

function requestOf({ prepared }: AskingScene, state: RunState, createdAt: string): ProposalRequest {
  const { manifest, rules } = prepared
  return proposalRequest(state, {
    rules,
    tasks: manifest.tasks,
    checks: manifest.check,
    merge: manifest.merge,
    checking: checkSettings(manifest),
    createdAt,
  })
}

/** How long a run that was stopped by force before its tasks had ended waits for what is merged then, in milliseconds. */
const forcedMs = 5_000

/**
 * Whoever stops by force does not wait for a program that does not end.
 * @throws TroupeError RUN_STOPPED
 */
export async function beforeForce<Result>(
  { halt, breakOff }: Pick<Proposing, 'halt' | 'breakOff'>,
  work: Promise<Result>,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => {
    reject(new TroupeError('RUN_STOPPED', 'it was stopped before its proposal was made'))
  }
  breakOff.force.signal.addEventListener('abort', stop, { once: true })
  const cancel = halt.force.signal.aborted ? systemClock.after(forcedMs, stop) : null
  try {
    return await Promise.race([work, promise])
  } finally {
    cancel?.()
    breakOff.force.signal.removeEventListener('abort', stop)
    work.catch(() => {}) // whoever has stopped waits for it no more
  }
}
