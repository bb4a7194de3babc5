import type { Git } from '../changes/git.ts'
import { noUsage, type UsageSum, usageOfAll } from '../agents/usage.ts'
import { openObjects } from '../changes/objects.ts'
import { unreachable } from '../errors.ts'
import type { CommitId, RunId } from '../ids.ts'
import { changeSetRef, proposalRef } from '../refs.ts'
import { proposalBounds, tellTexts } from './conflict-texts.ts'
import { overallVerdict } from './check.ts'
import type { Checker } from './checker.ts'
import { keepLedger } from './keep-ledger.ts'
import { ledgerFiles } from './ledger-files.ts'
import { mergeFindings } from './findings.ts'
import { barring, type Candidate } from './candidate.ts'
import type { Fold, LandedResolution } from './fold.ts'
import { defaultMergePolicy } from './merge-policy.ts'
import { type CheckSettings, plainChecking, type ProposalRequest, type TaskEnding } from './proposal-request.ts'
import type { RegenerateRequest, Remade } from './regenerate.ts'
import { remakeOnce } from './remake.ts'
import type { RemadeFoldRequest } from './remade-fold.ts'
import { staleNames } from './stale-names.ts'
import { startsFromAmong } from './starts-from.ts'
import { verify } from './verify.ts'
import type { Disposition, Proposal, ProposalTask, ResolvedPlace } from './proposal.ts'

/** What a proposal is made with. */
export interface ProposeWorld {
  readonly git: Git
  readonly run: RunId
  readonly base: CommitId
  /** Opens what commits are checked with. */
  readonly openChecker: (settings: CheckSettings) => Checker
  /** Runs a declared command that makes files anew on a merged commit. */
  readonly regenerate: (commit: CommitId, request: RegenerateRequest) => Promise<Remade>
  /** Told how far it is, in a line for people. */
  readonly tell?: (text: string) => void
}

/** What the fold of a request is made from; what was found to break a check stays out. */
export function foldRequestOf(
  { git, run, base, regenerate }: Omit<ProposeWorld, 'openChecker'>,
  request: ProposalRequest,
): RemadeFoldRequest {
  const { createdAt: date, merge: policy = defaultMergePolicy, answers = [], blamed = [] } = request
  const candidates = barring(candidatesOf(run, request.tasks), blamed)
  return { git, base, date, candidates, policy, answers, run, remake: remakeOnce(regenerate) }
}

/**
 * Folds everything that succeeded, checks it, leaves out what breaks a check, and moves the run's proposal ref to it by compare-and-swap.
 * The same request gives the same commit, so it may be repeated after a crash.
 * @throws TroupeError GIT_FAILED when an object is missing or somebody else moved the ref meanwhile.
 */
export async function propose(world: ProposeWorld, request: ProposalRequest): Promise<Proposal> {
  const proposal = await draft(world, request)
  await publish(world, proposal)
  return proposal
}

/** A proposal that no ref holds yet. Throws TroupeError GIT_FAILED or LEDGER_INCOMPLETE. */
export async function draft(world: ProposeWorld, request: ProposalRequest): Promise<Proposal> {
  const { git, run, base } = world
  const foldRequest = foldRequestOf(world, request)
  const { candidates } = foldRequest
  const { folded, checks, blamed, trial } = await verify({
    ...foldRequest,
    checks: request.checks,
    tell: world.tell ?? (() => {}),
    checker: world.openChecker(request.checking ?? plainChecking),
  })
  await using objects = openObjects(git)
  const files = await ledgerFiles({ git, objects, folded, candidates })
  const ledger = keepLedger({ files, folded, candidates })
  const landed = files.filter(({ task }) => folded.landings.get(task)?.state === 'landed')
  const stale = staleNames(landed, startsFromAmong(candidates))
  return {
    schema: 'troupe/proposal/1',
    run,
    createdAt: request.createdAt,
    base,
    commit: folded.commit,
    tree: folded.tree,
    ref: proposalRef(run),
    files: folded.files,
    tasks: request.tasks.map((ending) => proposalTask(run, ending, folded)),
    order: [...folded.landings].flatMap(([task, { state }]) => (state === 'landed' ? [task] : [])),
    conflicts: await tellTexts(objects, folded.conflicts, proposalBounds),
    identical: folded.identical,
    resolved: folded.resolved.flatMap(resolvedChunks),
    regenerated: folded.regenerated,
    resolutions: [],
    ledger,
    checks,
    blame: [...(request.blamed ?? []), ...blamed],
    ...(trial !== null && { trial }),
    verdict: overallVerdict(checks),
    findings: mergeFindings([...request.tasks, ...stale.map((one) => ({ task: one.usedBy, findings: [one.finding] }))]),
    usage: usageOfAll(request.tasks.map(usageOf)),
    replay: `troupe replay ${run}`,
    interrupted: request.interrupted,
  }
}

/** The change sets of a request that ask to land. */
export function candidatesOf(run: RunId, tasks: readonly TaskEnding[]): readonly Candidate[] {
  return tasks.flatMap((ending) => {
    const contribution = ending.success?.contribution ?? null
    if (contribution === null) return []
    return [
      { ...contribution, needs: ending.needs, priority: ending.priority ?? 0, message: commitMessage(run, ending) },
    ]
  })
}

function commitMessage(run: RunId, { task, agent, summary }: TaskEnding): string {
  const text = summary?.trim() ?? ''
  const [firstLine = ''] = text.split('\n')
  const title = firstLine === '' ? task : `${task}: ${firstLine}`
  const subject = title.length > 72 ? `${title.slice(0, 71).trimEnd()}…` : title
  const body = subject === title ? text.slice(firstLine.length).trim() : text
  const trailers = `Troupe-Run: ${run}\nTroupe-Task: ${task}\nTroupe-Agent: ${agent}\n`
  return [subject, ...(body === '' ? [] : [body]), trailers].join('\n\n')
}

function resolvedChunks({ path, task, chunks }: LandedResolution): readonly ResolvedPlace[] {
  return chunks.map(({ resolver, grade, evidence, line, lines, chunk: { base, ours, theirs } }) => ({
    file: path,
    task,
    line,
    lines,
    resolver,
    grade,
    evidence,
    base: base.join(''),
    ours: ours.join(''),
    theirs: theirs.join(''),
  }))
}

/** Moves the run's ref to a draft. Throws TroupeError GIT_FAILED when somebody else has moved it meanwhile. */
export async function publish({ git }: Pick<ProposeWorld, 'git'>, { ref, commit }: Proposal): Promise<void> {
  const { exitCode, stdout } = await git.run(['rev-parse', '--verify', '--quiet', ref], { accept: [0, 1] })
  // to git an empty old value means: must not be there yet
  const previous = exitCode === 0 ? stdout.trim() : ''
  await git.text(['update-ref', '-m', 'troupe: propose', ref, commit, previous])
}

function proposalTask(run: RunId, ending: TaskEnding, folded: Fold): ProposalTask {
  const { task, agent, attempts, summary } = ending
  return { task, agent, attempts, summary, usage: usageOf(ending), disposition: dispositionOf(run, ending, folded) }
}

const usageOf = ({ usage, attempts }: TaskEnding): UsageSum => usage ?? { ...noUsage, unknown: attempts }

const unchanged: Disposition = { state: 'unchanged' }

function dispositionOf(run: RunId, { task, success, trouble }: TaskEnding, folded: Fold): Disposition {
  if (trouble !== null) return trouble
  const changeSet = success?.contribution?.changeSet
  const landing = folded.landings.get(task)
  if (changeSet === undefined || landing === undefined) return unchanged
  switch (landing.state) {
    case 'landed':
      return { state: 'landed', commit: landing.commit, files: changeSet.files }
    case 'unchanged':
      return unchanged
    case 'left-out':
      return {
        state: 'left-out',
        reason: landing.reason,
        commit: changeSet.commit,
        files: changeSet.files,
        ref: changeSetRef(run, task, changeSet.attempt),
      }
    default:
      return unreachable(landing)
  }
}
