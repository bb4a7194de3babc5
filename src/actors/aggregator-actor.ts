import { openGit } from '../changes/git.ts'
import { systemClock } from '../clock.ts'
import { baseFor } from '../merge/base-for.ts'
import { checkCommit, type CommitCheckWorld } from '../merge/check-commit.ts'
import { proposeOpenly, tryAnswer } from '../merge/asking/try-answer.ts'
import { openOverlaps } from '../merge/overlaps.ts'
import { propose, type ProposeWorld } from '../merge/propose.ts'
import { regenerate } from '../merge/regenerate.ts'
import { runCommand } from '../merge/run-command.ts'
import type { AggregatorApi, AggregatorInput } from './aggregator-api.ts'
import type { ActorFactory } from './contract.ts'

/**
 * The aggregator: tells early which change sets conflict, merges what dependants start from, and makes the proposal.
 * It keeps nothing that its calls do not bring again, so one that died is replaced by a new one given the same calls.
 */
export const aggregatorActor: ActorFactory = ({ input, signal }): AggregatorApi => {
  const { run, repository, base, scratch } = input as AggregatorInput
  const git = openGit(repository)
  const overlaps = openOverlaps(git)
  const world: CommitCheckWorld = {
    git,
    folder: scratch,
    clock: systemClock,
    signal,
    runCommand,
    environment: { ...process.env, TROUPE_RUN: run },
  }
  const proposing: ProposeWorld = {
    git,
    run,
    base,
    check: (commit, checks) => checkCommit(world, commit, checks),
    regenerate: (commit, wanted) => regenerate(world, commit, wanted),
  }
  return {
    baseFor: (needs) => baseFor({ git, runBase: base, needs }),
    add: ({ changeSet }) => overlaps.add(changeSet),
    look: (underWay) => overlaps.look(underWay),
    propose: (request) => propose(proposing, request),
    proposeOpenly: (request) => proposeOpenly(proposing, request),
    tryAnswer: (request) => tryAnswer(proposing, request),
  }
}
