import type { Git } from '../changes/git.ts'
import { asTreeId, type CommitId, type TaskId, type TreeId } from '../ids.ts'
import { layOut } from './asking/lay-out.ts'
import type { Answer, OpenConflict } from './asking/open-conflict.ts'
import { gainOf, type Onto, sortedWithGain } from './branch-gain.ts'
import type { Candidate } from './candidate.ts'
import { secondsOf, writeCommit } from '../changes/commit.ts'
import { type FoundConflict, versionsIn } from './conflict-texts.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { quoted } from './conflict-message.ts'
import { nameConflicts } from './counterparts.ts'
import type { DeclaredFiles } from './declared-files.ts'
import { type Footprint, footprintsOf, resultsBetween } from './footprint.ts'
import { identicalChanges, mustHoldAll } from './landed-changes.ts'
import { LandingInMemory } from './landing-in-memory.ts'
import type { MergePolicy } from './merge-policy.ts'
import type { UncleanMerge } from './merge-tree.ts'
import { needOrder } from './need-order.ts'
import { bringNext, type ChainEnd, isThereAlready, mergeNext } from './next-in-chain.ts'
import { orderOfLanding } from './order-of-landing.ts'
import { outsideOwns } from './outside-owns.ts'
import type { IdenticalChange, RegeneratedFiles } from './proposal.ts'
import { withAdvice } from './regenerate-advice.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import { openResolving, type Resolving } from './resolving.ts'

/** What became of one candidate. */
export type Landing =
  | { readonly state: 'landed'; readonly commit: CommitId }
  /** Its change set changes nothing, or nothing that is not there already. */
  | { readonly state: 'unchanged' }
  /** It was left out whole. */
  | { readonly state: 'left-out'; readonly reason: string }

/** Everything to fold. */
export interface FoldRequest {
  readonly git: Git
  /** What the proposal starts from. */
  readonly base: CommitId
  /** Where the change sets go, when that is not the base; the base by default. */
  readonly onto?: Onto
  /** Of all commits made, ISO 8601. */
  readonly date: string
  /** In manifest order, one for each task. */
  readonly candidates: readonly Candidate[]
  readonly policy: MergePolicy
  /** What agents answered when they were asked about conflicts, in the order in which it was accepted; none by default. */
  readonly answers?: readonly Answer[]
  /** Whether conflicts are to be laid out for agents; false by default. */
  readonly asks?: boolean
}

/** A file that resolvers made whole while a task's change set was brought in. */
export interface LandedResolution extends ResolvedFile {
  readonly task: TaskId
}

/** Many change sets as one chain of commits. */
export interface Fold {
  readonly base: CommitId
  /** The end of the chain; the base itself (or where the change sets went) when nothing landed. */
  readonly commit: CommitId
  readonly tree: TreeId
  /** Paths that differ between where the change sets went and the end, sorted. */
  readonly files: readonly string[]
  readonly landings: ReadonlyMap<TaskId, Landing>
  readonly conflicts: readonly FoundConflict[]
  readonly identical: readonly IdenticalChange[]
  readonly resolved: readonly LandedResolution[]
  /** What declared commands were to make anew, with those that failed first; empty as long as none was asked. */
  readonly regenerated: readonly RegeneratedFiles[]
  /** What was left out for conflicts, laid out for agents if that was asked for. */
  readonly open: readonly OpenConflict[]
}

/**
 * Folds change sets into one chain of commits, one for each that lands, in the order given but with needs before their
 * dependants. Each is merged onto what landed before it, against the base it was made on. By the policy's strategy the set that is
 * worth most together goes first; what does not merge cleanly then, resolvers included, is left out whole, and with it what needs
 * it. Last come those whose conflicts agents have resolved, so that they change nothing about the others. The same request gives the
 * same ids.
 * @throws TroupeError GIT_FAILED when an object is missing; INTERNAL when the result would lack something that landed.
 */
export async function fold(request: FoldRequest): Promise<Fold> {
  await using resolving = openResolving(request.git, request.policy.resolvers)
  const chain = await foldOnto(request, resolving)
  const isWhole = [...chain.landings.values()].every(({ state }) => state !== 'left-out')
  if (request.policy.strategy !== 'all-or-nothing' || isWhole) return await told(chain)
  const nothing = await foldOnto({ ...request, candidates: [] }, resolving)
  return await told({ ...nothing, landings: allLeftOut(chain.landings), conflicts: chain.conflicts, open: chain.open })
}

/** Why each was left out where all had to land; those that could have say on whose account they did not. */
function allLeftOut(landings: Chain['landings']): Chain['landings'] {
  const culprits = [...landings].flatMap(([task, { state }]) => (state === 'left-out' ? [task] : []))
  const reason = `all or nothing: ${culprits.join(', ')} cannot land`
  return new Map(
    [...landings].map(([task, landing]) => [
      task,
      landing.state === 'landed' ? { state: 'left-out', reason } : landing,
    ]),
  )
}

async function foldOnto(request: FoldRequest, resolving: Resolving): Promise<Chain> {
  const { git, candidates } = request
  const ordered = needOrder(candidates)
  const footprints = await footprintsOf(
    git,
    ordered.map(({ changeSet }) => changeSet),
  )
  const order = await orderOfLanding(request, { ordered, footprints, resolving })
  const chain = await begin(request, resolving, footprints)
  const tried: Tried[] = []
  for (const number of order.numbers) {
    const [candidate, footprint] = [ordered[number], footprints[number]]
    if (candidate === undefined || footprint === undefined) throw new RangeError(`no candidate ${number}`)
    const isRival = (landed: Footprint): boolean => !order.goTogether(footprints.indexOf(landed), number)
    tried.push({ candidate, touched: { footprint, isRival } })
    chain.landings.set(candidate.changeSet.task, await land(chain, candidate, { footprint, isRival }))
  }
  await landAnswered(chain, tried, request.answers ?? [])
  if (request.asks === true) chain.open = await openConflicts(chain, tried)
  return chain
}

/** An empty chain; where it does not begin at the base, what the branch has gained counts as landed. */
async function begin(
  { git, base, onto, date, policy }: FoldRequest,
  resolving: Resolving,
  footprints: readonly Footprint[],
): Promise<Chain> {
  const start = onto?.commit ?? base
  const tree = asTreeId(await git.text(['rev-parse', '--verify', `${start}^{tree}`]))
  const landed = onto === undefined ? [] : await footprintsOf(git, [await gainOf(git, base, onto)])
  const found = { landed: [...landed], landings: new Map(), conflicts: [], resolved: [], open: [] }
  return {
    git,
    base,
    date,
    resolving,
    memory: onto === undefined ? new LandingInMemory({ ...resolving, base, footprints }) : null,
    declared: policy.resolvers?.declared,
    start: { commit: start, tree },
    commit: start,
    tree,
    ...found,
    onto: onto ?? null,
  }
}

async function told(chain: Chain): Promise<Fold> {
  const { git, base, start, onto, commit, tree, landed, landings, resolved, open } = chain
  const results = await resultsBetween(git, base, commit)
  const isAtBase = ({ changeSet }: Footprint): boolean => onto === null || changeSet.base === base
  mustHoldAll(results, landed, landed.filter(isAtBase))
  const changed = onto === null ? results : await resultsBetween(git, start.commit, commit)
  const files = [...changed.keys()].toSorted()
  const own = onto === null ? landed : landed.slice(1)
  const conflicts = sortedWithGain(chain.conflicts, onto)
  const found = { landings, conflicts, identical: identicalChanges(own), resolved }
  return { base, commit, tree, files, ...found, regenerated: [], open }
}

/** The fold so far; only `land` writes it. */
interface Chain extends ChainEnd, Pick<FoldRequest, 'date'> {
  commit: CommitId
  tree: TreeId
  readonly declared: DeclaredFiles | undefined
  readonly landed: Footprint[]
  readonly landings: Map<TaskId, Landing>
  conflicts: readonly FoundConflict[]
  readonly resolved: LandedResolution[]
  open: readonly OpenConflict[]
}

interface Touched {
  readonly footprint: Footprint
  /** Whether it may be in conflict with one that has landed. */
  isRival(landed: Footprint): boolean
}

/** @param answers what agents made of its conflicts */
async function land(
  chain: Chain,
  candidate: Candidate,
  touched: Touched & { readonly answers?: readonly Answer[] },
): Promise<Landing> {
  const { footprint, answers = [] } = touched
  const { changeSet, needs, message } = candidate
  if (footprint.results.size === 0) return { state: 'unchanged' }
  if (candidate.barred !== undefined) return { state: 'left-out', reason: candidate.barred }
  const missing = needs.filter((need) => chain.landings.get(need)?.state === 'left-out')
  if (missing.length > 0) return { state: 'left-out', reason: `needs ${missing.join(', ')}, which did not land` }
  const outside = outsideOwns(candidate, [...footprint.results.keys()])
  if (outside.length > 0)
    return leaveOut(
      chain,
      outside.map((one) => ({ ...one, versions: versionsIn(footprint, one.file) })),
    )
  const { tree, left, resolved } = await bringNext(chain, footprint, answers)
  if (left.length > 0) {
    const named = await namedConflicts(chain, touched, left)
    return leaveOut(
      chain,
      named.map((conflict) => withAdvice(conflict, chain.declared)),
    )
  }
  if (tree === chain.tree && (await isThereAlready(chain, changeSet))) return { state: 'unchanged' }
  chain.commit = await writeCommit(chain.git, {
    tree,
    parents: [chain.commit],
    message,
    seconds: secondsOf(chain.date),
  })
  chain.tree = tree
  chain.landed.push(footprint)
  for (const file of resolved) chain.resolved.push({ ...file, task: changeSet.task })
  return { state: 'landed', commit: chain.commit }
}

interface Tried {
  readonly candidate: Candidate
  readonly touched: Touched
}

/** Tries again what agents have answered about, one task after the other, and after each what needs it. */
async function landAnswered(chain: Chain, tried: readonly Tried[], answers: readonly Answer[]): Promise<void> {
  const again = new Set<TaskId>()
  for (const asked of new Set(answers.map(({ task }) => task))) {
    for (const { candidate, touched } of tried) {
      const { task } = candidate.changeSet
      const concerns = task === asked || candidate.needs.some((need) => again.has(need))
      if (!concerns || chain.landings.get(task)?.state !== 'left-out') continue
      chain.conflicts = chain.conflicts.filter(({ theirs }) => theirs !== task)
      const landing = await land(chain, candidate, { ...touched, answers })
      chain.landings.delete(task) // they are in the order of landing
      chain.landings.set(task, landing)
      if (landing.state === 'landed') again.add(task)
    }
  }
}

/** Every change set that nothing but conflicts keeps out, against all that has landed. */
async function openConflicts(chain: Chain, tried: readonly Tried[]): Promise<readonly OpenConflict[]> {
  const open: OpenConflict[] = []
  for (const { candidate, touched } of tried) {
    const { task } = candidate.changeSet
    const own = chain.conflicts.filter(({ theirs }) => theirs === task)
    if (own.length === 0 || own.some(({ kind }) => kind === 'outside-owns')) continue
    const merge = await mergeNext(chain, touched.footprint)
    const rivals = [...new Set(own.flatMap(({ ours }) => ours ?? []))]
    if (merge.left.length === 0) continue
    open.push(await layOut(chain.git, chain.resolving.objects, { task, with: rivals, onto: chain.commit, merge }))
  }
  return open
}

function namedConflicts(
  { git, resolving, landed }: Chain,
  { footprint, isRival }: Touched,
  left: readonly ConflictedFile[],
): Promise<readonly FoundConflict[]> {
  const resolve = async (merge: UncleanMerge): Promise<readonly ConflictedFile[]> =>
    (await resolving.resolve(merge, 1)).left
  return nameConflicts({ git, resolve }, { landed, rivals: landed.filter(isRival) }, { theirs: footprint, files: left })
}

function leaveOut(chain: Chain, conflicts: readonly FoundConflict[]): Landing {
  chain.conflicts = [...chain.conflicts, ...conflicts]
  const files = [...new Set(conflicts.map(({ file }) => quoted(file)))].join(', ')
  const tasks = [...new Set(conflicts.flatMap(({ ours }) => ours ?? []))].join(', ')
  return {
    state: 'left-out',
    reason: tasks === '' ? `changed ${files} outside its owns` : `conflicts with ${tasks} in ${files}`,
  }
}
