import { existsSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { type Git, openGit } from '../changes/git.ts'
import { gitFolder } from '../changes/git-folder.ts'
import { openObjects } from '../changes/objects.ts'
import { exitCodes, TroupeError } from '../errors.ts'
import { asCommitId } from '../ids.ts'
import { foldSides, type SidesFold } from '../merge/fold-sides.ts'
import type { Grade } from '../merge/resolvers/resolver.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface FoldOptions extends CommonOptions {
  readonly grade: Grade
}

/** `troupe fold`: folds commits of one base into one tree and says how, as one line of JSON; for programs. */
export async function foldCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: FoldOptions },
): Promise<number> {
  const [repository = '', base = '', ...sides] = input.arguments
  const bad = [base, ...sides].filter((id) => !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id))
  if (bad.length > 0) throw new TroupeError('USAGE', `these are no commit ids: ${bad.join(', ')}`)
  const { grade } = input.options
  const git = await openRepositoryIn(resolve(terminal.directory, repository))
  await using objects = openObjects(git, 'files')
  const fold = await foldSides({
    git,
    objects,
    base: asCommitId(base),
    sides: sides.map(asCommitId),
    policy: { upTo: grade, off: [] },
  })
  terminal.print(JSON.stringify(asJson(fold)))
  return exitCodes.ok
}

/** Of a checkout's `.git` the checkout: only there git finds the user's attributes. */
async function openRepositoryIn(given: string): Promise<Git> {
  const folder = basename(given) === '.git' ? dirname(given) : given
  if (!existsSync(given) || !statSync(folder).isDirectory())
    throw new TroupeError('NOT_A_REPOSITORY', `there is no folder ${given}`)
  const git = openGit(folder)
  const isOne = gitFolder(git.directory) !== null || (await git.run(['rev-parse'], { accept: [0, 128] })).exitCode === 0
  if (!isOne) throw new TroupeError('NOT_A_REPOSITORY', `${given} is no git repository`)
  return git
}

function asJson({ tree, landed, conflicts, resolved }: SidesFold): object {
  return {
    schema: 'troupe/fold/1',
    tree,
    landed,
    conflicts: conflicts.flatMap(({ sides, files }) => files.map(({ path, kind }) => ({ sides, path, kind }))),
    resolved: resolved.flatMap(({ side, path, chunks }) =>
      chunks.map(({ resolver, grade, evidence, line, lines }) => ({
        side,
        path,
        line,
        lines,
        resolver,
        grade,
        evidence,
      })),
    ),
  }
}
