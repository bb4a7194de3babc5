import { createHash } from 'node:crypto'
import type { Git } from '../changes/git.ts'
import type { RunId } from '../ids.ts'
import { passesOfAllRuns, passesRef } from '../refs.ts'

/** Which checks passed on which trees, in this run and in earlier ones of the repository. A courtesy: what cannot be kept is not. */
export interface Passes {
  /** Those of these keys that passed. */
  among(keys: readonly string[]): Promise<ReadonlySet<string>>
  add(keys: readonly string[]): Promise<void>
  /** Takes back what turned out not to be relied on. */
  remove(keys: readonly string[]): Promise<void>
}

/** What a pass is kept under: the tree, what was run before the check, and its command, in one name. */
export function passKey(tree: string, setUp: readonly (readonly string[])[], command: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([tree, setUp, command]))
    .digest('hex')
}

/** Passes of so many runs are looked at, the newest first, and so many are kept of one run. */
const mostRuns = 200
const mostPasses = 1000

/** The passes that a repository keeps, as a blob of lines at a ref of each run: they go when the run goes. */
export function openPasses(git: Git, run: RunId): Passes {
  let opened: Promise<Known> | null = null
  let written: Promise<void> = Promise.resolve()
  const known = (): Promise<Known> => (opened ??= readAll(git, run).catch(() => ({ all: new Set(), own: new Set() })))

  function change(edit: (known: Known) => void): Promise<void> {
    written = written
      .then(async () => {
        const passes = await known()
        edit(passes)
        await write(git, run, [...passes.own].slice(-mostPasses))
      })
      .catch(() => {})
    return written
  }

  return {
    async among(keys) {
      const { all } = await known()
      return new Set(keys.filter((key) => all.has(key)))
    },
    add: (keys) =>
      change((known) => {
        for (const set of [known.all, known.own]) for (const key of keys) set.add(key)
      }),
    remove: (keys) =>
      change((known) => {
        for (const set of [known.all, known.own]) for (const key of keys) set.delete(key)
      }),
  }
}

interface Known {
  readonly all: Set<string>
  /** Of this run. */
  readonly own: Set<string>
}

async function readAll(git: Git, run: RunId): Promise<Known> {
  const args = ['--sort=-refname', `--count=${mostRuns}`, '--format=%(objectname) %(refname)', passesOfAllRuns]
  const refs = (await git.text(['for-each-ref', ...args])).split('\n').filter((line) => line !== '')
  const ours = refs.find((line) => line.endsWith(` ${passesRef(run)}`))
  return { all: await read(git, refs), own: ours === undefined ? new Set() : await read(git, [ours]) }
}

async function read(git: Git, refs: readonly string[]): Promise<Set<string>> {
  if (refs.length === 0) return new Set()
  const input = refs.map((line) => `${line.split(' ')[0]}\n`).join('')
  // lines of the answer that tell of objects hold blanks, keys do not
  return new Set((await git.text(['cat-file', '--batch'], { input })).match(/^[0-9a-f]{64}$/gm))
}

async function write(git: Git, run: RunId, keys: readonly string[]): Promise<void> {
  const blob = await git.text(['hash-object', '-w', '--stdin'], { input: keys.map((key) => `${key}\n`).join('') })
  await git.text(['update-ref', passesRef(run), blob])
}
