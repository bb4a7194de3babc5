import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { tools } from '../processes/run-tool.ts'

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

/**
 * Git in a folder, deaf to hooks, editors, prompts and to a git that may have started Troupe.
 * @param marks variables by which its processes, and those that they start, are found again
 */
export function openGit(directory: string, marks: Readonly<Record<string, string>> = {}): Git {
  const marked = (options?: GitOptions): GitOptions => ({ ...options, env: { ...marks, ...options?.env } })
  return {
    directory,
    async run(args, options) {
      const { exitCode, stdout, stderr } = await call(directory, args, marked(options))
      return { exitCode, stdout: stdout.toString(options?.encoding), stderr }
    },
    async text(args, options) {
      const { stdout } = await call(directory, args, marked(options))
      return stdout.toString().replace(/\n$/, '')
    },
    bytes: async (args, options) => (await call(directory, args, marked(options))).stdout,
    start: (args) =>
      spawn('git', [...settings, ...args], {
        cwd: directory,
        env: { ...cleanEnvironment(process.env), ...marks },
        stdio: 'pipe',
      }),
    at: (other) => openGit(other, marks),
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

async function execute(directory: string, args: readonly string[], { input, env }: GitOptions): Promise<Raw> {
  const { exit, stdout, stderr } = await tools.run({
    argv: ['git', ...settings, ...args],
    directory,
    environment: { ...cleanEnvironment(process.env), ...env },
    ...(input === undefined ? {} : { input: typeof input === 'string' ? Buffer.from(input) : input }),
  })
  switch (exit.how) {
    case 'exited':
      return { exitCode: exit.code, stdout, stderr }
    case 'signalled':
      return { exitCode: -1, stdout, stderr: stderr + exit.signal }
    case 'launcher-died':
      throw new TroupeError('GIT_FAILED', `git ${args.join(' ')} in ${directory}: what had started it was killed`)
    case 'not-started':
      throw failureToStart(exit, directory)
  }
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
    'log.showSignature=false',
  ].flatMap((setting) => ['-c', setting]),
]

/** Whose commits Troupe's are. */
export const identity = { name: 'Troupe', email: 'troupe@localhost' } as const

/** The environment without what would lead git to another repository, and with a fixed identity. */
function cleanEnvironment(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && !misleading.has(name)) clean[name] = value
  return {
    ...clean,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
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

function failureToStart({ code, message }: { code: string; message: string }, directory: string): TroupeError {
  if (code !== 'ENOENT') return new TroupeError('GIT_FAILED', `git cannot be started: ${message}`)
  return existsSync(directory)
    ? new TroupeError('GIT_MISSING', 'git cannot be started: it is not on PATH')
    : new TroupeError('GIT_FAILED', `git cannot be started in ${directory}: the folder is gone`)
}
