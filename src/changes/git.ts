import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { TroupeError } from '../errors.ts'

/** How one call of git is made. */
export interface GitOptions {
  /** Standard input; closed at once when there is none. */
  readonly input?: string | Uint8Array
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are answers and not failures; 0 by default. */
  readonly accept?: readonly number[]
  /** How `run` reads standard output: as UTF-8 by default, or one letter for each byte. */
  readonly encoding?: 'utf8' | 'latin1'
  readonly signal?: AbortSignal
}

/** What git answered. */
export interface GitResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Git in one folder. Every method throws TroupeError GIT_FAILED, GIT_MISSING or NO_SPACE. */
export interface Git {
  readonly directory: string
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>
  /** Standard output without its last newline. */
  text(args: readonly string[], options?: GitOptions): Promise<string>
  /** Standard output as it is. */
  bytes(args: readonly string[], options?: GitOptions): Promise<Uint8Array>
  /** Starts a git that answers for as long as its input is open; whoever starts it ends it. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams
  /** The same in another folder. */
  at(directory: string): Git
}

/** Git in a folder, deaf to hooks, editors, prompts and to a git that may have started Troupe. */
export function openGit(directory: string): Git {
  return {
    directory,
    async run(args, options) {
      const { exitCode, stdout, stderr } = await call(directory, args, options)
      return { exitCode, stdout: stdout.toString(options?.encoding), stderr }
    },
    async text(args, options) {
      const { stdout } = await call(directory, args, options)
      return stdout.toString().replace(/\n$/, '')
    },
    bytes: async (args, options) => (await call(directory, args, options)).stdout,
    start: (args) =>
      spawn('git', [...settings, ...args], { cwd: directory, env: cleanEnvironment(process.env), stdio: 'pipe' }),
    at: openGit,
  }
}

interface Raw {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

async function call(directory: string, args: readonly string[], options: GitOptions = {}): Promise<Raw> {
  const raw = await execute(directory, args, options)
  if ((options.accept ?? [0]).includes(raw.exitCode)) return raw
  const said = raw.stderr.trim() || raw.stdout.toString().trim().slice(0, 400)
  const code = /No space left on device/i.test(said) ? 'NO_SPACE' : 'GIT_FAILED'
  throw new TroupeError(code, `git ${args.join(' ')} ended with ${raw.exitCode} in ${directory}: ${said}`)
}

function execute(directory: string, args: readonly string[], options: GitOptions): Promise<Raw> {
  const { input, env, signal } = options
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...settings, ...args], {
      cwd: directory,
      env: { ...cleanEnvironment(process.env), ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    const stdout: Buffer[] = []
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => void stdout.push(chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.once('error', (cause) => {
      reject(failureToStart(cause, directory))
    })
    child.once('close', (exitCode, signalName) => {
      resolve({ exitCode: exitCode ?? -1, stdout: Buffer.concat(stdout), stderr: stderr + (signalName ?? '') })
    })
    child.stdin?.on('error', () => {}) // git may end before it has read everything; its exit code tells
    child.stdin?.end(input)
  })
}

/** No hooks, no signing, no background work, no index refresh that the user has not asked for; messages are UTF-8. */
const settings: readonly string[] = [
  '--no-optional-locks',
  ...[
    'core.hooksPath=/dev/null',
    'gc.auto=0',
    'maintenance.auto=false',
    'core.fsmonitor=false',
    'commit.gpgSign=false',
    'i18n.commitEncoding=UTF-8',
  ].flatMap((setting) => ['-c', setting]),
]

/** The environment without what would lead git to another repository, and with a fixed identity. */
function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clean = Object.fromEntries(Object.entries(environment).filter(([name]) => !misleading.has(name)))
  return {
    ...clean,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
    GIT_AUTHOR_NAME: 'Troupe',
    GIT_AUTHOR_EMAIL: 'troupe@localhost',
    GIT_COMMITTER_NAME: 'Troupe',
    GIT_COMMITTER_EMAIL: 'troupe@localhost',
  }
}

/** `git rev-parse --local-env-vars` but for the user's configuration, and what changes the meaning of paths, diffs and dates. */
const misleading = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_CONFIG',
  'GIT_ATTR_SOURCE',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
  'GIT_EXTERNAL_DIFF',
  'GIT_DIFF_OPTS',
  'GIT_AUTHOR_DATE',
  'GIT_COMMITTER_DATE',
  'GIT_SEQUENCE_EDITOR',
])

function failureToStart(cause: Error, directory: string): TroupeError {
  if (cause.name === 'AbortError') return new TroupeError('GIT_FAILED', 'git was stopped', { cause })
  const missing = 'code' in cause && cause.code === 'ENOENT'
  if (!missing) return new TroupeError('GIT_FAILED', `git cannot be started: ${cause.message}`, { cause })
  return existsSync(directory)
    ? new TroupeError('GIT_MISSING', 'git cannot be started: it is not on PATH', { cause })
    : new TroupeError('GIT_FAILED', `git cannot be started in ${directory}: the folder is gone`, { cause })
}
