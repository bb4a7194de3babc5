import { misleading, unattended } from '../../processes/unattended.ts'
import type { Assignment } from '../agent.ts'

/** What a program needs to find its home, its tools and the certificates; nothing that usually holds a secret. */
const homely = words(`
  PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_* TZ TMPDIR XDG_*
  JAVA_HOME GOPATH GOROOT GOCACHE CARGO_HOME RUSTUP_HOME NVM_DIR PYENV_ROOT VIRTUAL_ENV CONDA_PREFIX
  SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS
  SystemRoot SystemDrive ComSpec PATHEXT WINDIR TEMP TMP USERPROFILE APPDATA LOCALAPPDATA ProgramData ProgramFiles
`)

/** Where a program's variables come from. */
export interface EnvironmentSources {
  /** The variables of Troupe itself that are handed on. */
  readonly inherited: Readonly<Record<string, string>>
  /** The agent's own. */
  readonly agent: Readonly<Record<string, string>>
  readonly assignment: Pick<Assignment, 'run' | 'task' | 'attempt' | 'agent' | 'env' | 'continued' | 'rebased'>
  /** Where the program may write its findings; null where nobody reads them. */
  readonly resultPath: string | null
}

/** The whole environment of one program; what stands later in the list wins: inherited, unattended, agent, task, Troupe. */
export function environmentOf(sources: EnvironmentSources): Record<string, string> {
  const { assignment } = sources
  return {
    ...sources.inherited,
    ...unattended,
    ...sources.agent,
    ...assignment.env,
    TROUPE_RUN: assignment.run,
    TROUPE_TASK: assignment.task,
    TROUPE_ATTEMPT: String(assignment.attempt),
    TROUPE_AGENT: assignment.agent,
    ...(sources.resultPath !== null && { TROUPE_RESULT: sources.resultPath }),
    ...(assignment.continued && { TROUPE_CONTINUED: '1' }),
    ...(assignment.rebased !== null && { TROUPE_REBASED: assignment.rebased }),
  }
}

/** The variables that a program may have of its parent's; `inherit` names them, undefined stands for the short list. */
export function inheritedFrom(
  parent: Readonly<Record<string, string | undefined>>,
  inherit: 'all' | readonly string[] | undefined,
): Record<string, string> {
  const allowed = inherit ?? homely
  const given = Object.entries(parent).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !misleading.has(entry[0]) && isAllowed(entry[0], allowed),
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
