import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** The user's home, absolute: where HOME is empty, as in some containers, what the system has for the user. */
export function homeFolder(environment: Environment): string {
  const told = environment['HOME'] ?? homedir()
  return isAbsolute(told) ? told : homeOfUser()
}

function homeOfUser(): string {
  try {
    return userInfo().homedir
  } catch {
    return '/' // the system does not know the user: so HOME is set where this is foreseen
  }
}

/** Where a user's programs keep what is no setting: XDG_STATE_HOME, or ~/.local/state. */
export function stateFolder(environment: Environment): string {
  const given = environment['XDG_STATE_HOME'] ?? ''
  return isAbsolute(given) ? given : join(homeFolder(environment), '.local', 'state')
}

/** Where git has the user's home: it takes an empty HOME for the root. */
export const homeForGit = (environment: Environment): string =>
  environment['HOME'] === '' ? '/' : homeFolder(environment)

/** Where git looks for a user's settings and attributes (git-config(1), gitattributes(5)): an empty XDG_CONFIG_HOME is as unset to it. */
export const gitSettingsFolder = (environment: Environment): string =>
  join(environment['XDG_CONFIG_HOME'] || join(homeForGit(environment), '.config'), 'git')
