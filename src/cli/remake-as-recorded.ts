import { systemClock } from '../clock.ts'
import { notRun } from '../merge/check.ts'
import type { Proposal } from '../merge/proposal.ts'
import { regenerate, type Remade } from '../merge/regenerate.ts'
import { type Remake, remakeOnce } from '../merge/remake.ts'
import { runCommand } from '../merge/run-command.ts'
import type { FoundRun } from './find-run.ts'
import { inOwnCheckouts } from './own-checkouts.ts'
import { untilSignalled } from './until-signalled.ts'

/** Files as the proposal says that a declared command made them; where it knows nothing of a tree the command is run. */
export function remakeAsRecorded(found: FoundRun, { run, ...proposal }: Recording): Remake {
  const world = {
    git: found.repository.git,
    clock: systemClock,
    runCommand,
    environment: { ...process.env, TROUPE_RUN: run },
  }
  const remake = remakeOnce((commit, request) =>
    untilSignalled((signal) =>
      inOwnCheckouts(found, 'again', (own) => regenerate({ ...world, ...own, signal }, commit, request)),
    ),
  )
  return (place, request) => {
    const { glob, command } = request.rule
    const known = (proposal.regenerated ?? []).find(
      (one) => one.from === place.tree && one.glob === glob && one.command.join('\0') === command.join('\0'),
    )
    if (known === undefined) return remake(place, request)
    const { tree, paths, ignored, verdict, reason, exitCode, durationMs, outputTail } = known
    const result = { ...notRun(request.rule, ''), verdict, reason, exitCode, durationMs, outputTail }
    return Promise.resolve<Remade>({ result, tree, paths, ignored })
  }
}

/** Proposals of earlier versions know of nothing that was made anew. */
type Recording = Pick<Proposal, 'run'> & Partial<Pick<Proposal, 'regenerated'>>
