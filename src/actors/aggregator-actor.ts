import { openGit } from '../changes/git.ts'
import { systemClock } from '../clock.ts'
import { baseFor } from '../merge/base-for.ts'
import { proposeOpenly, tryAnswer } from '../merge/asking/try-answer.ts'
import { type Checker, type CheckerWorld, openChecker } from '../merge/checker.ts'
import { openEarlyChecker } from '../merge/early-check.ts'
import { judge } from '../merge/judge.ts'
import { openOverlaps } from '../merge/overlaps.ts'
import { openPasses } from '../merge/passes.ts'
import type { CheckSettings } from '../merge/proposal-request.ts'
import { propose, type ProposeWorld } from '../merge/propose.ts'
import { regenerate } from '../merge/regenerate.ts'
import { hidingRunner } from '../merge/run-command.ts'
import { openRedactor } from '../redaction.ts'
import { secretsIn } from '../secret-values.ts'
import type { AggregatorApi, AggregatorEvent, AggregatorInput } from './aggregator-api.ts'
import { openCheckLogs } from './check-logs.ts'
import type { ActorFactory } from './contract.ts'

/**
 * The aggregator: tells early which change sets conflict, merges what dependants start from, and makes the proposal.
 * It keeps nothing that its calls do not bring again, so one that died is replaced by a new one given the same calls.
 */
export const aggregatorActor: ActorFactory = ({ input, signal, emit }): AggregatorApi => {
  const { run, repository, base, scratch, logs, secrets = [] } = input as AggregatorInput
  const git = openGit(repository, { TROUPE_RUN: run })
  const halted = new AbortController()
  const overlaps = openOverlaps(git)
  signal.addEventListener('abort', () => void overlaps[Symbol.asyncDispose](), { once: true })
  const unlogged: Omit<CheckerWorld, 'settings'> = {
    git,
    folder: scratch,
    clock: systemClock,
    signal: AbortSignal.any([signal, halted.signal]),
    runCommand: hidingRunner(openRedactor(secretsIn(secrets, process.env))),
    environment: { ...process.env, TROUPE_RUN: run },
    passes: openPasses(git, run),
  }
  const early = openEarlyChecker(unlogged, base)
  const world = { ...unlogged, ...(logs !== undefined && { openLog: openCheckLogs(logs, repository) }) }
  const checkers = new Map<string, Checker>()
  const checkerOf = (settings: CheckSettings): Checker => {
    const key = JSON.stringify(settings)
    const checker = checkers.get(key) ?? openChecker({ ...world, settings })
    checkers.set(key, checker)
    return checker
  }
  const proposing: ProposeWorld = {
    git,
    run,
    base,
    openChecker: checkerOf,
    tell(text) {
      try {
        emit({ type: 'merging', text } satisfies AggregatorEvent)
      } catch {
        // a supervisor that is behind hears of the next one
      }
    },
    regenerate: (commit, wanted) => regenerate(world, commit, wanted),
  }
  return {
    baseFor: (needs) => baseFor({ git, runBase: base, needs }),
    add: ({ changeSet }) => overlaps.add(changeSet),
    look: (underWay) => overlaps.look(underWay),
    checkEarly: (request) => early.check(request),
    cancelEarly: () => {
      early.cancel()
    },
    halt() {
      halted.abort()
    },
    judge: (request) => judge({ git, checker: checkerOf(request.settings) }, request),
    propose: (request) => propose(proposing, request),
    proposeOpenly: (request) => proposeOpenly(proposing, request),
    tryAnswer: (request) => tryAnswer(proposing, request),
  }
}
