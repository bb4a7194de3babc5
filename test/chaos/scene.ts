import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { git } from '../acceptance/troupe.ts'

/** Where a run takes place: a repository as a user may have it, a manifest beside it, and what the agents noted. */
export interface Scene {
  readonly folder: string
  readonly repository: string
  readonly manifest: string
  /** One empty file for every attempt that an agent really began, named `<task>.<attempt>.<pid>`. */
  readonly ledger: string
}

/** Builds a scene in an empty folder. */
export function buildScene(folder: string): Scene {
  const scene = sceneIn(folder)
  mkdirSync(scene.ledger, { recursive: true })
  writeManifest(scene, 0)
  for (const [name, text] of Object.entries(files)) write(join(scene.repository, name), text)
  const run = (...args: readonly string[]): string => git(scene.repository, ...args)
  run('init', '--quiet', '--initial-branch', 'main')
  run('config', 'user.name', 'Somebody')
  run('config', 'user.email', 'somebody@localhost')
  run('add', '--all')
  run('commit', '--quiet', '--message', 'base')
  leaveWorkLyingAbout(scene, run)
  return scene
}

/** A copy of a scene in which nothing has run yet; tasks that do not say otherwise have these retries. */
export function copyScene({ folder: from }: Scene, folder: string, retries = 0): Scene {
  cpSync(from, folder, { recursive: true })
  const scene = sceneIn(folder)
  writeManifest(scene, retries)
  return scene
}

const sceneIn = (folder: string): Scene => ({
  folder,
  repository: join(folder, 'repository'),
  manifest: join(folder, 'troupe.json'),
  ledger: join(folder, 'ledger'),
})

/** A branch, a stash, something staged, changed and untracked: a run must leave all of it alone. */
function leaveWorkLyingAbout({ repository }: Scene, run: (...args: readonly string[]) => string): void {
  run('branch', 'elsewhere')
  write(join(repository, 'README.md'), 'stashed\n')
  run('stash', 'push', '--quiet')
  write(join(repository, 'staged.txt'), 'staged\n')
  run('add', 'staged.txt')
  write(join(repository, 'README.md'), 'changed and not committed\n')
  write(join(repository, 'untracked.txt'), 'untracked\n')
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`).join('')
const files: Readonly<Record<string, string>> = {
  'README.md': 'a scene\n',
  'notes.txt': lines,
  'old.txt': 'to be removed\n',
  'src/auth.js': "const { exec } = require('node:child_process')\nexports.run = (name) => exec('ls ' + name)\n",
  'src/sum.js': '/** Adds two numbers. */\nexport function sum(left, right) {\n  return left + right\n}\n',
}

/** Twenty tasks of every sort that a manifest knows; what they write follows from the base alone. */
function writeManifest({ manifest, ledger }: Scene, retries: number): void {
  const content = {
    version: 1,
    concurrency: 4,
    agents: { sh: { kind: 'command', shell: true, env: { LEDGER: ledger } } },
    tasks: tasks.map((task) => ({ retries, ...task })),
    check: [{ name: 'whole', run: 'test -f listing.txt && grep -q third chain.txt' }],
  }
  writeFileSync(manifest, JSON.stringify(content, null, 1))
}

interface WrittenTask {
  readonly id: string
  readonly agent?: string
  readonly command?: string | readonly string[]
  readonly verb?: string
  readonly files?: readonly string[]
  readonly needs?: readonly string[]
  readonly retries?: number
  readonly workspace?: 'shared' | 'none'
}

/** A task that writes down that it has begun, and then does its work. */
const shell = (id: string, script: string, rest: Omit<WrittenTask, 'id'> = {}): WrittenTask => ({
  id,
  agent: 'sh',
  command: `: > "$LEDGER/$TROUPE_TASK.$TROUPE_ATTEMPT.$$"; ${script}`,
  ...rest,
})

const chain: readonly WrittenTask[] = [
  shell('chain-1', 'echo first > chain.txt; sleep 0.05'),
  shell('chain-2', 'echo second >> chain.txt', { needs: ['chain-1'] }),
  shell('chain-3', 'echo third >> chain.txt; sleep 0.05', { needs: ['chain-2'] }),
]

const diamond: readonly WrittenTask[] = [
  shell('seed', 'mkdir -p deep/er; echo seed > deep/er/seed.txt'),
  shell('left', 'sed -i "1s/.*/the left side/" notes.txt', { needs: ['seed'] }),
  shell('right', 'sed -i "40s/.*/the right side/" notes.txt; sleep 0.05', { needs: ['seed'] }),
  shell('top', 'sed -n "1p;40p" notes.txt > top.txt; echo both sides', { needs: ['left', 'right'] }),
]

/** Lives in a session of its own, out of reach of its group's end. */
const daemon = 'setsid sh -c ": > started; exec sleep 60" < /dev/null > /dev/null 2>&1'

const rough: readonly WrittenTask[] = [
  // the pause before its second attempt is part of what may be killed
  shell('flaky', 'test $TROUPE_ATTEMPT -gt 1 || exit 7; echo mended > flaky.txt', { retries: 2 }),
  shell('daemon', `${daemon} & until test -e started; do sleep 0.01; done; mv started daemon.txt`),
  shell('slow', 'echo half > slow.txt; sleep 0.5; echo whole > slow.txt'),
  shell('commits', 'echo mine > commits.txt; git add --all; git -c user.name=A -c user.email=a@b commit -qm mine'),
  shell('moves', 'rm old.txt; mkdir bin; echo exit > bin/tool; chmod +x bin/tool; ln -s tool bin/link'),
  shell('many', 'for n in 1 2 3 4 5 6 7 8 9; do mkdir -p many/$n; echo $n > many/$n/file.txt; done'),
]

const looking: readonly WrittenTask[] = [
  shell('counts', 'wc -l < notes.txt', { workspace: 'shared' }),
  // stands in the user's own folder, which it must not change
  { id: 'outside', command: ['git', 'log', '-1', '--format=%s'], workspace: 'none' },
  { id: 'reviews', verb: 'review', files: ['src/auth.js'] },
  { id: 'documents', verb: 'docs', files: ['src/sum.js'] },
  { id: 'smokes', verb: 'test', files: ['src/sum.js'] },
]

const gathering: readonly WrittenTask[] = [
  shell('quotes', 'echo {{needs.top.summary}} > quotes.txt', { needs: ['top'] }),
  shell('lists', 'all=$(LC_ALL=C ls -R); echo "$all" > listing.txt', { needs: ['chain-3', 'many', 'flaky', 'moves'] }),
]

const tasks = [...chain, ...diamond, ...rough, ...looking, ...gathering]

/** The ids of all tasks. */
export const taskIds: readonly string[] = tasks.map(({ id }) => id)

/** Which agent does a task. */
export function agentOf(task: string): string {
  const { agent, command } = tasks.find(({ id }) => id === task) ?? {}
  return agent ?? (command === undefined ? 'local' : 'command')
}
