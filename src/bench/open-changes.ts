import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Git, openGit } from '../changes/git.ts'
import { openObjects, type Objects } from '../changes/objects.ts'
import { diffTrees } from '../changes/tree-diff.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import type { ConflictedFile, Stage } from '../merge/conflicted-file.ts'
import { foldSides } from '../merge/fold-sides.ts'
import { mergeCommits } from '../merge/merge-tree.ts'
import { linesOf } from '../merge/text/lines.ts'
import { mergeThreeWays } from '../merge/text/three-way.ts'

/**
 * How many changes that are open at once land together, as pull requests of one base are. The history of a repository gives them: at every
 * so many commits of its main line each of the next few is put onto that one base by itself, and these are folded. Tells how many land,
 * and whether a path that one of these changed is as it was before.
 * Takes the repository, and reads a copy of it; with `--clean` only what git puts onto the base without a conflict.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '8' },
    every: { type: 'string', default: '4' },
    clean: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [repository] = positionals
if (repository === undefined) throw new Error('which repository?')
const [size, every] = [Number(values.size), Number(values.every)]

const folder = mkdtempSync(join(tmpdir(), 'troupe-open-changes-'))
const who = 'Bench <bench@localhost> 1 +0000'

interface Commit {
  readonly id: CommitId
  readonly tree: TreeId
}

/** The main line, oldest first. */
async function mainLine(git: Git): Promise<readonly Commit[]> {
  const lines = (await git.text(['log', '--first-parent', '--reverse', '--format=%H %T'])).split('\n')
  return lines.map((line) => {
    const [id = '', tree = ''] = line.split(' ')
    return { id: asCommitId(id), tree: asTreeId(tree) }
  })
}

interface Parts {
  readonly git: Git
  readonly objects: Objects
}

async function commitOf({ objects }: Parts, tree: TreeId, parent: CommitId): Promise<CommitId> {
  const text = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\n\nopen\n`
  return asCommitId(await objects.write('commit', Buffer.from(text)))
}

/**
 * What a commit did to the one before it, done to `base`: where that is a conflict, its own text is taken, as if it had been written there.
 * Null where it is nothing, or a conflict about more than the text of files.
 */
async function ontoBase(
  parts: Parts,
  base: Commit,
  [before, after]: readonly [Commit, Commit],
): Promise<Commit | null> {
  if (before.id === base.id) return after
  const merge = await mergeCommits(parts.git, await commitOf(parts, base.tree, before.id), after.id)
  const conflicts = merge.clean ? [] : merge.conflicts
  if (values.clean && conflicts.length > 0) return null
  const edits = await ownTexts(parts.objects, conflicts)
  if (edits === null) return null
  const tree = await editTree(parts.objects, merge.tree, edits)
  return tree === base.tree ? null : { id: await commitOf(parts, tree, base.id), tree }
}

async function ownTexts({ read, write }: Objects, conflicts: readonly ConflictedFile[]) {
  const edits = new Map<string, TreeEntry>()
  for (const { kind, path, ...stages } of conflicts) {
    const { base, ours, theirs } = stages
    if (kind !== 'content' || base === null || ours === null || theirs === null) return null
    const linesAt = async ({ oid }: Stage): Promise<readonly string[]> => linesOf((await read(oid)).content.toString())
    const versions = { base: await linesAt(base), ours: await linesAt(ours), theirs: await linesAt(theirs) }
    const segments = mergeThreeWays(versions)
    const lines = segments.flatMap((segment) => (segment.kind === 'clean' ? segment.lines : segment.chunk.theirs))
    edits.set(path, { mode: theirs.mode, oid: await write('blob', Buffer.from(lines.join(''))) })
  }
  return edits
}

/** Paths that a landed side changed and that are as in the base again. */
async function lostOf({ objects }: Parts, base: Commit, sides: readonly Commit[], tree: TreeId): Promise<number> {
  const { results } = await diffTrees(objects, base.tree, tree)
  const changed = await Promise.all(sides.map((side) => diffTrees(objects, base.tree, side.tree)))
  return new Set(changed.flatMap((one) => [...one.results.keys()].filter((path) => !results.has(path)))).size
}

async function measure(parts: Parts) {
  const line = await mainLine(parts.git)
  const told = { sets: 0, sides: 0, conflicts: 0, landed: 0, lostPaths: 0, whole: 0 }
  for (let at = 0; at + size < line.length; at += every) {
    const base = line[at]
    if (base === undefined) break
    const steps = line.slice(at, at + size).flatMap((before, number) => {
      const after = line[at + number + 1]
      return after === undefined ? [] : [[before, after] as const]
    })
    const made = await Promise.all(steps.map((step) => ontoBase(parts, base, step)))
    const sides = made.filter((side) => side !== null)
    if (sides.length < 3) continue
    const fold = await foldSides({
      ...parts,
      base: base.id,
      sides: sides.map(({ id }) => id),
      policy: { upTo: 'likely', off: [] },
    })
    const landed = fold.landed.flatMap((number) => sides[number] ?? [])
    told.sets += 1
    told.sides += sides.length
    told.landed += landed.length
    told.conflicts += fold.conflicts.length
    told.whole += landed.length === sides.length ? 1 : 0
    if (fold.tree !== null) told.lostPaths += await lostOf(parts, base, landed, fold.tree)
  }
  return told
}

try {
  await openGit(tmpdir()).run(['clone', '--quiet', '--bare', resolve(repository), folder])
  const git = openGit(folder)
  await using objects = openObjects(git)
  const told = await measure({ git, objects })
  const answer = { schema: 'troupe/bench-open-changes/1', ...told }
  const { sets, sides, landed, lostPaths, whole, conflicts } = told
  const words = [
    `${landed} of ${sides} changes land (${((100 * landed) / sides).toFixed(1)} %) in ${sets} sets, ${whole} of these whole`,
    `${conflicts} pairs in conflict; ${lostPaths} paths are as before though a change that landed wrote them`,
  ]
  process.stdout.write(`${values.json ? JSON.stringify(answer) : words.join('\n')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
