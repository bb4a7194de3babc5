import type { AgentKind } from '../agent.ts'
import { sandboxMistakes } from '../sandbox/options.ts'
import { loadModel } from './load.ts'
import { modelOptions } from './options.ts'
import { settingsMistakes, settingsOf, usualProvider } from './settings.ts'

/** A model that works with tools of ours. */
export const modelKind: AgentKind = {
  name: 'model',
  summary: 'Has a model work in the workspace with tools to look, edit and run commands.',
  options: modelOptions,
  preferredMode: 'thread',
  preferredWorkspace: (verb) => (verb === 'review' ? 'shared' : 'own'),
  willWrite: ({ verb }) => (verb === 'review' ? [] : null),
  mistakes({ command, options }) {
    const read = modelOptions.safeParse(options)
    const found = [...sandboxMistakes(options), ...(read.success ? settingsMistakes(read.data) : [])]
    if (command !== null) found.push('a model agent runs no command of a task; say in a prompt what is to be done')
    return found
  },
  usualProvider: (options) => usualProvider(modelOptions.parse(options)),
  missing(options, environment) {
    const keyFrom = settingsOf(modelOptions.parse(options))?.keyFrom ?? null
    return keyFrom === null || (environment[keyFrom] ?? '') !== '' ? null : `the variable ${keyFrom} holds no key`
  },
  secrets(options) {
    const keyFrom = settingsOf(modelOptions.parse(options))?.keyFrom ?? null
    return keyFrom === null ? [] : [keyFrom]
  },
  load: loadModel,
}
