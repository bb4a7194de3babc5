import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { isBuilt } from '../../bin/is-built.mjs'
import type { main as Main } from '../../src/cli/main.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { initRepository } from '../init-repository.ts'
import { until } from '../until.ts'

export const root = resolve(import.meta.dirname, '../..')
const bin = join(root, 'bin/troupe.mjs')
/** What that runs. */
const program = join(root, isBuilt() ? 'dist/cli/main.js' : 'src/cli/main.ts')

/** What a command of Troupe came to. */
export interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** A command of Troupe under way. */
export interface UnderWay {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when standard error has said this. */
  said(text: string): Promise<void>
  /** Resolves when what it does has made this true; rejects when it ends before. */
  until(isTrue: () => boolean): Promise<void>
}

/** Runs `troupe` as a user would, in a folder. */
export const troupe = (directory: string, ...args: readonly string[]): Promise<Ended> => begin(directory, ...args).ended

/**
 * Runs `troupe` in this process, where it is not the program itself that is tested: all but its start, its exit and its help is as a
 * user has it.
 */
export async function troupeHere(directory: string, ...args: readonly string[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  const write = (text: string): void => void (said.stderr += text)
  const terminalIn = (place: string): Terminal => ({
    directory: place,
    environment: process.env,
    live: false,
    answersSeen: false,
    readerGone: new AbortController().signal,
    screen: { write, columns: 80, rows: 24 },
    print: (text) => void (said.stdout += `${text}\n`),
    tell: (text) => write(`${text}\n`),
  })
  for (const hook of hooks) delete process.env[hook]
  const { main } = (await import(program)) as { main: typeof Main }
  const status = await main(['--directory', directory, ...args], terminalIn)
  return { status, signal: null, ...said }
}

/** Starts `troupe` and does not wait. */
export function begin(directory: string, ...args: readonly string[]): UnderWay {
  const child = spawn('env', [...withoutHooks, process.execPath, bin, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const ended = once(child, 'close').then(([status, signal]) => ({
    ...said,
    status: status as number | null,
    signal: signal as string | null,
  }))
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  return {
    child,
    ended,
    async until(isTrue) {
      await until(() => isTrue() || hasEnded)
      if (!isTrue()) throw new Error(`troupe ${args.join(' ')} has ended: ${said.stderr}${said.stdout}`)
    },
    async said(text) {
      while (!said.stderr.includes(text)) await once(child.stderr, 'data')
    },
  }
}

/** Where the test runner puts its hooks into every Node that its tests start; users have none. */
const hooks = ['NODE_OPTIONS', 'FORCE_COLOR'] as const

/** Arguments of env(1). */
export const withoutHooks = hooks.flatMap((name) => ['-u', name])

/** The run that `troupe --json run` printed. */
export interface PrintedRun {
  readonly schema: string
  readonly run: string
  readonly exitCode: number
  readonly reason: string
  readonly files: { readonly json: string; readonly markdown: string; readonly sarif: string | null }
  readonly proposal: Proposal
}

/** Runs a manifest or an expression and answers with what was printed as JSON. */
export async function runJson(directory: string, ...args: readonly string[]): Promise<PrintedRun> {
  return printed(await troupe(directory, '--json', 'run', ...args))
}

/** The same in this process. */
export async function runHere(directory: string, ...args: readonly string[]): Promise<PrintedRun> {
  return printed(await troupeHere(directory, '--json', 'run', ...args))
}

function printed({ stdout, stderr }: Ended): PrintedRun {
  if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
  return JSON.parse(stdout) as PrintedRun
}

/** Where actors live. */
export const modes = ['async', 'thread', 'process'] as const

/** A shell that is an agent, in each mode: what holds in all of them one run shows. */
export const shells = Object.fromEntries(modes.map((mode) => [mode, { kind: 'command', shell: true, mode }]))

interface Teardown {
  teardown(work: () => void): void
}

/** A new repository with these files, and one commit. */
export function repositoryOf(t: Teardown, files: Readonly<Record<string, string>>): string {
  const directory = emptyFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  commitAll(directory)
  return directory
}

/** The repository of an example. */
export function exampleRepository(t: Teardown, name: string): string {
  const directory = emptyFolder(t)
  cpSync(join(root, 'examples', name, 'repository'), directory, { recursive: true })
  commitAll(directory)
  return directory
}

/** A temporary folder that goes with the test. */
export function emptyFolder(t: Teardown): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe test ü '))
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  return directory
}

/** Writes a manifest outside the repository and answers with its path. */
export function manifest(t: Teardown, content: object): string {
  const path = join(emptyFolder(t), 'troupe.json')
  writeFileSync(path, JSON.stringify({ version: 1, ...content }))
  return path
}

/** Somebody, and no second process after a commit that looks whether there is something to tidy. */
const gitSettings = ['user.name=Test', 'user.email=test@localhost', 'maintenance.auto=false'].flatMap((one) => [
  '-c',
  one,
])

/** Runs git in a folder. */
export const git = (directory: string, ...args: readonly string[]): string =>
  execFileSync('git', [...gitSettings, ...args], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

function commitAll(directory: string): void {
  initRepository(directory)
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--message', 'base')
}

/** Everything of the user's that a run must not change: files, index, HEAD, refs, stash, configuration, hooks. */
export function fingerprint(directory: string): Readonly<Record<string, string>> {
  const gitFolder = join(directory, '.git')
  const own = ['index', 'HEAD', 'config', 'ORIG_HEAD', 'MERGE_HEAD', 'packed-refs', 'logs/HEAD', 'logs/refs/stash']
  const files = filesUnder(directory).filter((name) => !/^\.(git|agents)\//.test(name))
  return {
    ...Object.fromEntries(own.map((name) => [`.git/${name}`, digest(join(gitFolder, name))])),
    ...Object.fromEntries(files.map((name) => [name, digest(join(directory, name))])),
    refs: git(directory, 'for-each-ref')
      .split('\n')
      .filter((line) => !line.includes('refs/troupe/'))
      .join('\n'),
    stash: git(directory, 'stash', 'list'),
    worktrees: git(directory, 'worktree', 'list'),
  }
}

function digest(path: string): string {
  if (!existsSync(path) && !isLink(path)) return 'none'
  const found = lstatSync(path)
  const content = found.isSymbolicLink() ? readlinkSync(path) : readFileSync(path)
  return `${found.mode.toString(8)} ${createHash('sha256').update(content).digest('hex')}`
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

function filesUnder(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
}
