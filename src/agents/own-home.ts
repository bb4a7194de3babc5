import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { homeFolder, stateFolder } from '../home-folder.ts'
import { isAlive, startTimeOf } from '../process-identity.ts'

/** A home folder of one attempt, and what a program must be told to find it. */
export interface OwnHome {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  /** Takes the folder away. */
  remove(): Promise<void>
}

/** What lies in a home from the beginning. */
export interface HomeContents {
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>
  /** Names of variables, and of files in the user's own home, which are copied. */
  readonly credentials: readonly string[]
}

/** A credential that is not there; the message says which. */
export class CredentialMissing extends Error {
  override readonly name = 'CredentialMissing'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a credential is a variable, and not a file. */
export const isVariable = (credential: string): boolean => /^[A-Z_][A-Z0-9_]*$/.test(credential)

/**
 * Makes a home for one attempt: agents write logs, sessions and settings there, and lose their way when they share one. It lies under
 * XDG_STATE_HOME (~/.local/state), since some agents refuse to work from a temporary folder.
 */
export async function openHome(contents: HomeContents, environment: Environment): Promise<OwnHome> {
  const missing = missingCredential(contents.credentials, environment)
  if (missing !== null) throw new CredentialMissing(`a credential of the agent is missing: ${missing}`)
  const homes = join(stateFolder(environment), 'troupe', 'homes')
  await mkdir(homes, { recursive: true, mode: 0o700 })
  await removeLeft(homes)
  const path = join(homes, `${process.pid}-${startTimeOf(process.pid) ?? 0}-${randomUUID()}`)
  const remove = (): Promise<void> => takeAway(path)
  try {
    await mkdir(path, { mode: 0o700 })
    for (const [name, text] of Object.entries(contents.files)) await place(path, name, (to) => writeFile(to, text))
    const secrets = await handOver(path, contents.credentials, environment)
    return { path, env: { ...variablesOf(path), ...secrets }, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** The first credential that is not there, in a sentence; null where all are. */
export function missingCredential(credentials: readonly string[], environment: Environment): string | null {
  for (const name of credentials) {
    if (isVariable(name)) {
      if ((environment[name] ?? '') === '') return `the variable ${name} is not set`
    } else if (inHome(name) === null || !existsSync(join(homeFolder(environment), inHome(name) ?? '')))
      return `the file ${name} is not in the home folder`
  }
  return null
}

/** Copies the files that are named, and returns the variables. */
async function handOver(
  path: string,
  credentials: readonly string[],
  environment: Environment,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of credentials) {
    const file = inHome(name)
    if (isVariable(name)) found[name] = environment[name] ?? ''
    else if (file !== null) await place(path, file, (to) => copyFile(join(homeFolder(environment), file), to))
  }
  return found
}

/** A path relative to the home folder; null for one that leads out of it. */
function inHome(name: string): string | null {
  const path = normalize(name.replace(/^~\//, ''))
  return isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`) ? null : path
}

async function place(home: string, name: string, put: (to: string) => Promise<void>): Promise<void> {
  const to = join(home, name)
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await put(to)
}

const variablesOf = (home: string): Record<string, string> => ({
  HOME: home,
  USERPROFILE: home,
  XDG_CONFIG_HOME: join(home, '.config'),
  XDG_DATA_HOME: join(home, '.local', 'share'),
  XDG_STATE_HOME: join(home, '.local', 'state'),
  XDG_CACHE_HOME: join(home, '.cache'),
  CODEX_HOME: join(home, '.codex'),
  CLAUDE_CONFIG_DIR: join(home, '.claude'),
})

/** Takes away the homes of processes that have died. */
async function removeLeft(homes: string): Promise<void> {
  for (const name of await readdir(homes)) {
    const [, pid, ticks] = /^(\d+)-(\d+)-/.exec(name) ?? []
    if (pid === undefined || isAlive({ pid: Number(pid), group: 0, startTime: Number(ticks) || null })) continue
    await takeAway(join(homes, name))
  }
}

/** What cannot be taken away costs some disk, not the work; another attempt may be taking it away as well. */
const takeAway = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
