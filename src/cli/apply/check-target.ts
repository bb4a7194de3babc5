import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import { exitCodes } from '../../errors.ts'
import type { CommitId } from '../../ids.ts'
import { checkCommit, type CommitCheckWorld } from '../../merge/check-commit.ts'
import type { CheckResult } from '../../merge/proposal.ts'
import { directLauncher } from '../../processes/direct-launcher.ts'
import { runProgram } from '../../processes/program.ts'
import type { FoundRun } from '../find-run.ts'
import type { RunReading } from '../read-run.ts'
import type { Terminal } from '../terminal.ts'

/** How long a check that must stop may take before force. */
const graceMs = 2000

/** Runs the checks of a run's manifest on a commit, in a checkout of its own. A signal ends them and what they started. */
export async function checkTarget(
  { run, reading, terminal }: { readonly run: FoundRun; readonly reading: RunReading; readonly terminal: Terminal },
  commit: CommitId,
): Promise<readonly CheckResult[]> {
  const { check: checks } = reading.manifest
  if (checks.length > 0) terminal.tell(`checking ${commit.slice(0, 12)}: ${checks.map(({ name }) => name).join(', ')}`)
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of signals) process.once(signal, stop)
  try {
    const results = await checkCommit(worldOf(run, terminal, stopped.signal), commit, checks)
    if (stopped.signal.aborted) process.exit(exitCodes.interrupted)
    return results
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const

const worldOf = ({ id, files, repository }: FoundRun, { environment }: Terminal, signal: AbortSignal) =>
  ({
    git: repository.git,
    folder: join(files.work, `apply-${process.pid}`),
    clock: systemClock,
    signal,
    environment: { ...environment, TROUPE_RUN: id },
    runCommand: ({ argv, directory, env }, { signal: over, output }) =>
      runProgram(
        { argv, shell: false, directory, env },
        { clock: systemClock, launcher: directLauncher(systemClock), signal: over, graceMs, output, started: () => {} },
      ),
  }) satisfies CommitCheckWorld
