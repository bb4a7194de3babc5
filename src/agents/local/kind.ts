import type { AgentKind } from '../agent.ts'
import { loadLocal } from './load.ts'
import { localOptions } from './options.ts'
import { pagePaths } from './reference/page-path.ts'
import { isVerb, verbs } from './verb.ts'

/** Static rules and templates: works without a key, a network or a model. */
export const localKind: AgentKind = {
  name: 'local',
  summary: 'Reviews, writes smoke tests and API pages by fixed rules; needs no key and no network.',
  options: localOptions,
  preferredMode: 'thread',
  preferredWorkspace: (verb) => (verb === 'review' ? 'shared' : 'own'),
  willWrite({ verb, files }) {
    if (verb === 'review') return []
    // where a smoke test goes depends on what is in the workspace
    return verb === 'docs' ? pagePaths(files) : null
  },
  mistakes({ verb, command, files }) {
    const found: string[] = []
    if (!isVerb(verb))
      found.push(
        `local knows ${verbs.slice(0, -1).join(', ')} and ${verbs.at(-1)}; use a command or model agent for '${verb}'`,
      )
    if (command !== null) found.push('local runs no command; use a command agent')
    if ((verb === 'test' || verb === 'docs') && files.length === 0) found.push(`local needs files for '${verb}'`)
    return found
  },
  load: loadLocal,
}
