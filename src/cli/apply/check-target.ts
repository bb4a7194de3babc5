import { systemClock } from '../../clock.ts'
import type { CommitId } from '../../ids.ts'
import { type CheckerWorld, openChecker } from '../../merge/checker.ts'
import { openPasses } from '../../merge/passes.ts'
import type { CheckResult } from '../../merge/proposal.ts'
import { hidingRunner } from '../../merge/run-command.ts'
import { redactorFor } from '../secrets.ts'
import { checkSettings } from '../check-settings.ts'
import type { FoundRun } from '../find-run.ts'
import { inOwnCheckouts } from '../own-checkouts.ts'
import type { RunReading } from '../read-run.ts'
import type { Terminal } from '../terminal.ts'
import { untilSignalled } from '../until-signalled.ts'

/** Runs the checks of a run's manifest on a commit, in a checkout of its own, but for those that passed on its tree before. A signal ends them and what they started. */
export async function checkTarget(
  { run, reading, terminal }: { readonly run: FoundRun; readonly reading: RunReading; readonly terminal: Terminal },
  commit: CommitId,
): Promise<readonly CheckResult[]> {
  const { check: checks } = reading.manifest
  if (checks.length > 0) terminal.tell(`checking ${commit.slice(0, 12)}: ${checks.map(({ name }) => name).join(', ')}`)
  const settings = checkSettings(reading.manifest)
  const runCommand = hidingRunner(redactorFor(reading.manifest, terminal.environment))
  const world = { ...worldOf(run, terminal), runCommand }
  return await untilSignalled((signal) =>
    inOwnCheckouts(run, 'apply', (own) => openChecker({ ...world, ...own, signal, settings }).check(commit, checks)),
  )
}

const worldOf = (run: FoundRun, { environment }: Terminal) =>
  ({
    git: run.repository.git,
    clock: systemClock,
    environment: { ...environment, TROUPE_RUN: run.id },
    passes: openPasses(run.repository.git, run.id),
  }) satisfies Omit<CheckerWorld, 'settings' | 'signal' | 'runCommand' | 'folder' | 'maker'>
