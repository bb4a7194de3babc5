import type { AgentKind } from '../agent.ts'
import { sandboxMistakes } from '../sandbox/options.ts'
import { loadCommand } from './load.ts'
import { answerMistakes, commandOptions } from './options.ts'

/** Any program, by its argv. */
export const commandKind: AgentKind = {
  name: 'command',
  summary: 'Runs any program in the workspace.',
  options: commandOptions,
  preferredMode: 'async',
  preferredWorkspace: () => 'own',
  willWrite: () => null,
  mistakes({ command, options }) {
    const found = [...sandboxMistakes(options), ...answerMistakes(options)]
    if (command !== null ? command.length > 0 : Array.isArray(options['argv']) && options['argv'].length > 0)
      return found
    return [...found, 'nothing to run: give the task a command, or its agent options.argv']
  },
  load: loadCommand,
}
