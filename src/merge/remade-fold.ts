import type { RunId, TaskId, TreeId } from '../ids.ts'
import { secondsOf, writeCommit } from '../changes/commit.ts'
import { quoted } from './conflict-message.ts'
import { covers, nothingDeclared, type RegenerateRule } from './declared-files.ts'
import { fold, type Fold, type FoldRequest } from './fold.ts'
import { resultsBetween } from './footprint.ts'
import type { RegeneratedFiles } from './proposal.ts'
import type { Remade } from './regenerate.ts'
import type { Remake } from './remake.ts'
import { startsFromAmong } from './starts-from.ts'
import { count } from '../count.ts'

/** Everything to fold, and how files are made anew. */
export interface RemadeFoldRequest extends FoldRequest {
  readonly run: RunId
  readonly remake: Remake
}

/**
 * Folds as fold does, then makes anew what is declared so and was touched by several that landed, in further commits. Where a command
 * fails its files are merged as if nothing were declared, and what then is in conflict is left out and told with the reason.
 * Throws TroupeError as fold does.
 */
export async function remadeFold(request: RemadeFoldRequest): Promise<Fold> {
  const { resolvers } = request.policy
  const declared = resolvers?.declared ?? nothingDeclared
  if (resolvers === null || declared.regenerate.length === 0) return await fold(request)
  const failures: RegeneratedFiles[] = []
  let rules = declared.regenerate
  for (;;) {
    const policy = { ...request.policy, resolvers: { ...resolvers, declared: { ...declared, regenerate: rules } } }
    const made = await remakeAll(request, await fold({ ...request, policy }), rules)
    if (made.failed === null) return { ...made.folded, regenerated: [...failures, ...made.folded.regenerated] }
    const { rule, told } = made.failed
    failures.push(told)
    const failed = `${rule.name}: ${told.reason ?? 'it failed'}`
    rules = rules.map((one) => (one === rule ? { ...rule, failed } : one))
  }
}

type Made =
  | { readonly failed: null; readonly folded: Fold }
  | { readonly failed: { readonly rule: RegenerateRule; readonly told: RegeneratedFiles } }

async function remakeAll(request: RemadeFoldRequest, folded: Fold, rules: readonly RegenerateRule[]): Promise<Made> {
  const { git, base, onto } = request
  const gained = onto === undefined ? new Set<string>() : new Set((await resultsBetween(git, base, onto.commit)).keys())
  const regenerated: RegeneratedFiles[] = []
  let { commit, tree } = folded
  for (const rule of rules) {
    const paths =
      rule.failed === undefined ? await there(request, tree, touchedTogether({ ...request, gained }, folded, rule)) : []
    if (paths.length === 0) continue
    const made = await request.remake({ commit, tree }, { rule, paths })
    const told = toldOf(rule, { paths: made.tree === null ? paths : made.paths, from: tree, made })
    if (made.tree === null) return { failed: { rule, told } }
    regenerated.push(told)
    if (made.tree === tree) continue
    ;({ tree } = made)
    const message = messageFor(request.run, rule, made.paths)
    commit = await writeCommit(git, { tree, parents: [commit], message, seconds: secondsOf(request.date) })
  }
  if (commit === folded.commit) return { failed: null, folded: { ...folded, regenerated } }
  const files = [...(await resultsBetween(git, onto?.commit ?? base, commit)).keys()].toSorted()
  return { failed: null, folded: { ...folded, commit, tree, files, regenerated } }
}

const toldOf = (
  { glob, name, command }: RegenerateRule,
  { paths, from, made }: { readonly paths: readonly string[]; readonly from: TreeId; readonly made: Remade },
): RegeneratedFiles => {
  const { verdict, reason, exitCode, durationMs, outputTail } = made.result
  const { tree, ignored } = made
  return { glob, paths, name, command, verdict, reason, exitCode, durationMs, outputTail, from, tree, ignored }
}

interface Touching extends FoldRequest {
  /** What the branch has changed that the chain is brought onto. */
  readonly gained: ReadonlySet<string>
}

/** The files of a rule that were in conflict, or that the branch has changed as well, or that two tasks changed of which neither started from the other; sorted. */
function touchedTogether({ candidates, gained }: Touching, folded: Fold, { glob }: RegenerateRule): readonly string[] {
  const startsFrom = startsFromAmong(candidates)
  const landed = candidates.filter(({ changeSet }) => folded.landings.get(changeSet.task)?.state === 'landed')
  const tasksOf = new Map<string, TaskId[]>()
  for (const { changeSet } of landed)
    for (const path of changeSet.files) tasksOf.set(path, [...(tasksOf.get(path) ?? []), changeSet.task])
  const areApart = (tasks: readonly TaskId[]): boolean =>
    tasks.some((one) => tasks.some((other) => one !== other && !startsFrom(one, other) && !startsFrom(other, one)))
  const kept = folded.resolved.filter(({ chunks }) => chunks.some(({ resolver }) => resolver === 'regenerate'))
  const paths = new Set([
    ...kept.map(({ path }) => path),
    ...[...tasksOf].flatMap(([path, tasks]) => (gained.has(path) || areApart(tasks) ? [path] : [])),
  ])
  return [...paths].filter((path) => covers([glob], path)).toSorted()
}

/** Those of these paths that a tree has. */
async function there({ git }: FoldRequest, tree: TreeId, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return []
  const listed = await git.text(['ls-tree', '-r', '-z', '--name-only', '--full-tree', tree, '--', ...paths])
  const known = new Set(listed.split('\0'))
  return paths.filter((path) => known.has(path))
}

function messageFor(run: RunId, { name }: RegenerateRule, paths: readonly string[]): string {
  const names = paths.map(quoted)
  const title = `Make ${names.join(', ')} anew`
  const subject = title.length > 72 ? `Make ${count(names.length, 'file')} anew` : title
  const trailers = [`Troupe-Run: ${run}`, ...names.map((path) => `Troupe-Regenerated: ${path}`)]
  return `${subject}\n\nBy: ${name}\n\n${trailers.join('\n')}\n`
}
