import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import type { CommitId } from '../../ids.ts'
import { checkCommit, type CommitCheckWorld } from '../../merge/check-commit.ts'
import type { CheckResult } from '../../merge/proposal.ts'
import { runCommand } from '../../merge/run-command.ts'
import type { FoundRun } from '../find-run.ts'
import type { RunReading } from '../read-run.ts'
import type { Terminal } from '../terminal.ts'
import { untilSignalled } from '../until-signalled.ts'

/** Runs the checks of a run's manifest on a commit, in a checkout of its own. A signal ends them and what they started. */
export async function checkTarget(
  { run, reading, terminal }: { readonly run: FoundRun; readonly reading: RunReading; readonly terminal: Terminal },
  commit: CommitId,
): Promise<readonly CheckResult[]> {
  const { check: checks } = reading.manifest
  if (checks.length > 0) terminal.tell(`checking ${commit.slice(0, 12)}: ${checks.map(({ name }) => name).join(', ')}`)
  return await untilSignalled((signal) => checkCommit(worldOf(run, terminal, signal), commit, checks))
}

const worldOf = ({ id, files, repository }: FoundRun, { environment }: Terminal, signal: AbortSignal) =>
  ({
    git: repository.git,
    folder: join(files.work, `apply-${process.pid}`),
    clock: systemClock,
    signal,
    environment: { ...environment, TROUPE_RUN: id },
    runCommand,
  }) satisfies CommitCheckWorld
