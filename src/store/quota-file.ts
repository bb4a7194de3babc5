import { join } from 'node:path'
import { stateFolder } from '../home-folder.ts'
import { type SharedText, sharedFile } from './shared-file.ts'

/** What all supervisors of this user know of one provider: under XDG_STATE_HOME, or ~/.local/state. */
export function quotaFile(name: string, environment: Readonly<Record<string, string | undefined>>): SharedText {
  return sharedFile(join(stateFolder(environment), 'troupe', 'quota', `${name}.json`))
}
