import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { type SharedText, sharedFile } from './shared-file.ts'

/** What all supervisors of this user know of one provider: under XDG_STATE_HOME, or ~/.local/state. */
export function quotaFile(name: string, environment: Readonly<Record<string, string | undefined>>): SharedText {
  const given = environment['XDG_STATE_HOME'] ?? ''
  const folder = isAbsolute(given) ? given : join(homedir(), '.local', 'state')
  return sharedFile(join(folder, 'troupe', 'quota', `${name}.json`))
}
