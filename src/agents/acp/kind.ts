import type { AgentKind } from '../agent.ts'
import { missingCredential } from '../own-home.ts'
import { sandboxMistakes } from '../sandbox/options.ts'
import { loadAcp } from './load.ts'
import { acpOptions } from './options.ts'
import { presetNames, presets, usualProvider } from './presets.ts'

/** Who only looks what is there does not wait as long as a run would. */
const startSeconds = 20

/** Any agent that speaks the Agent Client Protocol over its standard streams. */
export const acpKind: AgentKind = {
  name: 'acp',
  summary: 'Drives any agent that speaks the Agent Client Protocol: Codex, Claude, Gemini, opencode and others.',
  options: acpOptions,
  preferredMode: 'thread',
  preferredWorkspace: (verb) => (verb === 'review' ? 'shared' : 'own'),
  willWrite: ({ verb }) => (verb === 'review' ? [] : null),
  mistakes({ verb, prompt, command, options }) {
    const found = [...sandboxMistakes(options)]
    if (options['argv'] === undefined && options['preset'] === undefined)
      found.push('no agent to start: give its agent options.preset or options.argv')
    if (command !== null) found.push('acp runs no command of a task; the argv of its agent starts the agent')
    if (prompt === null && verb === 'run') found.push('asks for nothing: give the task a prompt, or another verb')
    return found
  },
  usualProvider(options) {
    const { preset, credentials, env } = acpOptions.parse(options)
    return usualProvider(preset, credentials, env)
  },
  missing: (options, environment) => missingCredential(acpOptions.parse(options).credentials, environment),
  secrets: (options) => acpOptions.parse(options).credentials,
  programs: presetNames.map((preset) => ({ title: presets[preset].argv.join(' '), options: { preset, startSeconds } })),
  async fitness(options, environment) {
    const { probe } = await import('./probe.ts')
    return await probe(acpOptions.parse(options), environment)
  },
  load: loadAcp,
}
