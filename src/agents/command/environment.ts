import type { Assignment } from '../agent.ts'

/** What a program needs to find its home, its tools and the certificates; nothing that usually holds a secret. */
const homely = words(`
  PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_* TZ TMPDIR XDG_*
  JAVA_HOME GOPATH GOROOT GOCACHE CARGO_HOME RUSTUP_HOME NVM_DIR PYENV_ROOT VIRTUAL_ENV CONDA_PREFIX
  SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS
  SystemRoot SystemDrive ComSpec PATHEXT WINDIR TEMP TMP USERPROFILE APPDATA LOCALAPPDATA ProgramData ProgramFiles
`)

/** Never inherited: CI changes what tools do, and these of git's point into another repository than the workspace. */
const misleading = new Set(
  words(`
  CI PWD OLDPWD GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_NAMESPACE
  GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CEILING_DIRECTORIES
`),
)

/** Nothing may wait for a person: there is no terminal, no editor and nobody to answer. */
const unattended = {
  TERM: 'dumb',
  GIT_EDITOR: 'true',
  EDITOR: 'true',
  VISUAL: 'true',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  PAGER: 'cat',
}

/** Where a program's variables come from. */
export interface EnvironmentSources {
  /** The variables of Troupe itself. */
  readonly parent: Readonly<Record<string, string | undefined>>
  /** Which of them are handed on; undefined for the short list. */
  readonly inherit: 'all' | readonly string[] | undefined
  /** The agent's own. */
  readonly agent: Readonly<Record<string, string>>
  readonly assignment: Pick<Assignment, 'run' | 'task' | 'attempt' | 'agent' | 'env'>
  /** Where the program may write its findings. */
  readonly resultPath: string
}

/** The whole environment of one program; what stands later in the list wins: inherited, unattended, agent, task, Troupe. */
export function environmentOf(sources: EnvironmentSources): Record<string, string> {
  const { assignment } = sources
  return {
    ...inherited(sources.parent, sources.inherit ?? homely),
    ...unattended,
    ...sources.agent,
    ...assignment.env,
    TROUPE_RUN: assignment.run,
    TROUPE_TASK: assignment.task,
    TROUPE_ATTEMPT: String(assignment.attempt),
    TROUPE_AGENT: assignment.agent,
    TROUPE_RESULT: sources.resultPath,
  }
}

function inherited(
  parent: EnvironmentSources['parent'],
  allowed: 'all' | readonly string[],
): Record<string, string | undefined> {
  const given = Object.entries(parent).filter(
    ([name, value]) => value !== undefined && !misleading.has(name) && isAllowed(name, allowed),
  )
  return Object.fromEntries(given)
}

function isAllowed(name: string, allowed: 'all' | readonly string[]): boolean {
  if (allowed === 'all') return true
  return allowed.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry))
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
