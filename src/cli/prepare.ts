import { kinds } from '../agents/registry.ts'
import { openRepository, type Repository } from '../changes/repository.ts'
import { must, TroupeError } from '../errors.ts'
import type { CommitId, TaskId } from '../ids.ts'
import { quoted } from '../merge/conflict-message.ts'
import { filesOutside } from '../merge/owns.ts'
import { giveBackGarbage } from '../processes/small-heap.ts'
import { candidatesOf } from '../plan/candidates.ts'
import { buildGraph, type Graph } from '../plan/graph.ts'
import { type Overlap, predictOverlaps } from '../plan/overlap.ts'
import type { Manifest, ModeChoice, Task } from '../plan/task.ts'
import type { Placement } from '../supervisor/run/placement.ts'
import type { RunRules } from '../supervisor/run/rules.ts'
import { rulesOf } from '../supervisor/run/run-rules.ts'
import { keptText } from './kept-text.ts'
import { mustBeFit } from './must-be-fit.ts'
import { mustIsolate } from './must-isolate.ts'
import { allMistakes, mustReplaceNothing } from './output-places.ts'
import { invalidManifest, readArgument } from './read-manifest-argument.ts'
import { type HiddenSecrets, hiddenSecrets, mustHideSecrets, mustHoldNoSecret } from './secrets.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

/** Options that change what a manifest says. */
export interface PlanOptions extends CommonOptions {
  readonly mode?: ModeChoice
  readonly concurrency?: number
  readonly base?: string
  readonly onOverlap?: Manifest['onOverlap']
  readonly onFailure?: Manifest['onFailure']
}

/** Everything a run needs to know before it starts; a plan shows the same. */
export interface Prepared {
  readonly manifest: Manifest
  /** As it is kept with the run; made when it is asked for, as it may be as large as all the rest. */
  readonly manifestText: () => string
  /** Where the manifest was read from; null for an expression. */
  readonly manifestFile: string | null
  readonly repository: Repository
  readonly base: CommitId
  readonly overlaps: readonly Overlap[]
  readonly graph: Graph
  readonly rules: RunRules
  readonly placements: ReadonlyMap<TaskId, Placement>
  readonly secrets: HiddenSecrets
  /** For people; none of them stops anything. */
  readonly warnings: readonly string[]
}

/** Reads and checks all that was asked for, and starts nothing. Throws every TroupeError of bad input. */
export async function prepare(argument: string, terminal: Terminal, options: PlanOptions): Promise<Prepared> {
  const given = readArgument(argument, terminal.directory)
  if ('mistakes' in given) {
    const mistakes = await allMistakes(given, terminal.directory)
    throw invalidManifest(argument, { ...given, mistakes })
  }
  giveBackGarbage()
  const manifest = withOptions(given.manifest, options)
  mustIsolate(manifest)
  await mustBeFit(manifest, terminal.environment)
  mustHideSecrets(manifest, terminal.environment)
  mustHoldNoSecret(given.text, manifest, terminal.environment)
  const repository = await openRepository(terminal.directory)
  await mustReplaceNothing(given, argument, repository)
  const base = await repository.resolveBase(manifest.base)
  const placements = placementsOf(manifest)
  const { overlaps, graph } = await graphOf({ manifest, repository, base, placements })
  if (manifest.onOverlap === 'refuse' && overlaps.length > 0) throw refused(overlaps)
  const warnings = [
    ...given.warnings,
    ...(await dirtyWarning(repository, manifest)),
    ...uncheckedWarning(manifest),
    ...unseenWarning(manifest),
  ]
  const rules = rulesOf(manifest, graph)
  const kept = { manifestText: keptText(given, manifest, isChanged(options)), manifestFile: given.file }
  const secrets = hiddenSecrets(manifest)
  return { manifest, ...kept, secrets, repository, base, overlaps, graph, rules, placements, warnings }
}

/** A manifest as the command line would have it. */
export function withOptions(manifest: Manifest, options: PlanOptions): Manifest {
  const { mode, concurrency, base, onOverlap, onFailure } = options
  return {
    ...manifest,
    agents: mode === undefined || mode === 'auto' ? manifest.agents : withoutModes(manifest.agents),
    mode: mode ?? manifest.mode,
    concurrency: concurrency ?? manifest.concurrency,
    base: base ?? manifest.base,
    onOverlap: onOverlap ?? manifest.onOverlap,
    onFailure: onFailure ?? manifest.onFailure,
  }
}

/** The command line's mode goes before the agent's: each follows the manifest, which has it. */
const withoutModes = (agents: Manifest['agents']): Manifest['agents'] =>
  new Map([...agents].map(([name, agent]) => [name, { ...agent, mode: 'auto' }]))

/** The agent's mode goes before the manifest's, and the kind's own choice comes last. */
export function placementOf(task: Task, manifest: Manifest): Placement {
  const agent = must(manifest.agents, task.agent)
  const kind = must(kinds, agent.kind)
  const chosen = [agent.mode, manifest.mode].find((mode) => mode !== 'auto')
  return {
    kind: agent.kind,
    host: chosen ?? kind.preferredMode,
    workspace: task.workspace ?? kind.preferredWorkspace(task.verb),
  }
}

const isChanged = ({ mode, concurrency, base, onOverlap, onFailure }: PlanOptions): boolean =>
  [mode, concurrency, base, onOverlap, onFailure].some((option) => option !== undefined)

/** Where each task lives and works, all choices made. */
export function placementsOf(manifest: Manifest): Prepared['placements'] {
  const known = new Map<string, Placement>() // each kept once, however many tasks have it
  const placements = new Map<TaskId, Placement>()
  const place = (task: Task): void => {
    const placement = placementOf(task, manifest)
    const key = Object.values(placement).join(' ')
    if (!known.has(key)) known.set(key, placement)
    placements.set(task.id, known.get(key) ?? placement)
  }
  for (const task of manifest.tasks) place(task)
  for (const task of manifest.tasks) for (const candidate of candidatesOf(task)) place(candidate)
  return placements
}

/** The graph that a run follows: with the edges that predicted conflicts add where they are serialized. */
export async function graphOf(question: Omit<OverlapQuestion, 'graph'>): Promise<Pick<Prepared, 'graph' | 'overlaps'>> {
  const { tasks, onOverlap } = question.manifest
  const plain = buildGraph(tasks)
  const overlaps = await overlapsOf({ ...question, graph: plain })
  return { overlaps, graph: onOverlap === 'serialize' ? buildGraph(tasks, overlaps) : plain }
}

interface OverlapQuestion extends Pick<Prepared, 'manifest' | 'repository' | 'base' | 'placements' | 'graph'> {}

async function overlapsOf({
  manifest,
  repository,
  base,
  placements,
  graph,
}: OverlapQuestion): Promise<readonly Overlap[]> {
  const needsTree = manifest.tasks.some(({ owns, files }) => owns !== null && files.length === 0)
  const filesInBase = needsTree ? await repository.filesAt(base) : []
  return predictOverlaps(manifest.tasks, graph, {
    filesInBase,
    matches: (path, glob) => filesOutside([glob], [path]).length === 0, // as the fold will count them
    writes: ({ id }) => must(placements, id).workspace === 'own',
    willWrite: (task) => must(kinds, must(placements, task.id).kind).willWrite(task),
  })
}

function refused(overlaps: readonly Overlap[]): TroupeError {
  const lines = overlaps.map(describeOverlap)
  return new TroupeError('OVERLAP_REFUSED', `tasks may write the same files:\n${lines.join('\n')}`, {
    details: overlaps,
  })
}

/** One predicted conflict in a line. */
export function describeOverlap({ first, second, files }: Overlap): string {
  const shown = files.slice(0, 3).map(quoted).join(', ')
  return `${first} and ${second} may both write ${shown}${files.length > 3 ? ` and ${files.length - 3} more` : ''}`
}

/** Told before anything is paid for. */
const uncheckedWarning = ({ merge, check }: Manifest): readonly string[] =>
  merge.resolver === null || check.length > 0
    ? []
    : [
        `${merge.resolver.task.agent} is asked about no conflict: its answers are kept only when checks pass, and none is declared`,
      ]

/** What looks at unfinished work sees only what is saved of it. */
function unseenWarning({ snapshotMs, onConflict, earlyCheck }: Manifest): readonly string[] {
  if (snapshotMs !== null) return []
  return [
    ...(onConflict === 'pause'
      ? ['no task is paused for a conflict: with snapshot: off none is seen before the end']
      : []),
    ...(earlyCheck.length > 0 ? ['no early check runs: with snapshot: off nothing is saved of unfinished work'] : []),
  ]
}

async function dirtyWarning(repository: Repository, manifest: Manifest): Promise<readonly string[]> {
  const dirty = await repository.dirtyFiles()
  if ('unknown' in dirty) return [`whether anything is uncommitted cannot be told: git says: ${dirty.unknown}`]
  if (dirty.length === 0) return []
  const shown = dirty.slice(0, 3).map(quoted).join(', ')
  const more = dirty.length > 3 ? ` and ${dirty.length - 3} more` : ''
  return [`uncommitted changes are not part of the base ${manifest.base}: ${shown}${more}`]
}
