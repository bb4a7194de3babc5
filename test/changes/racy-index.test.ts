import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openGit } from '../../src/changes/git.ts'
import { openRepository } from '../../src/changes/repository.ts'
import { seal } from '../../src/changes/seal.ts'
import { openWorktrees } from '../../src/changes/worktree.ts'
import { asAgentName, asTaskId } from '../../src/ids.ts'

void t.test(
  'a change of the same size, in the second of the checkout, sealed in a later second, is not lost',
  async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'troupe-racy-'))
    t.teardown(() => {
      rmSync(root, { recursive: true, force: true })
    })
    writeFileSync(join(root, 'a.txt'), 'digits = 2\n')
    const git = openGit(root)
    await git.run(['init', '--quiet'])
    await git.run(['add', '.'])
    await git.run(['commit', '--quiet', '--message', 'base'])
    const repository = await openRepository(root)
    const base = await repository.resolveBase('HEAD')
    const worktrees = openWorktrees({ repository, folder: join(root, '.agents/runs/r/work'), parallel: 1 })
    await until(() => Date.now() % 1_000 < 100)
    const worktree = await worktrees.create('t', base)
    writeFileSync(join(worktree.directory, 'a.txt'), 'digits = 6\n')
    const second = Math.floor(Date.now() / 1_000)
    await until(() => Math.floor(Date.now() / 1_000) > second)
    const names = { task: asTaskId('t'), agent: asAgentName('a'), run: 'r', ref: 'refs/troupe/r/t/1' }
    const sealed = await seal(repository.git, { worktree, ...names, attempt: 1, message: 'm', at: 0 })
    t.match(sealed, { changed: true, changeSet: { files: ['a.txt'] } })
    t.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'digits = 2\n')
  },
)

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate)
}
