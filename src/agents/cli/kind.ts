import { must } from '../../errors.ts'
import type { AgentKind } from '../agent.ts'
import { missingCredential } from '../own-home.ts'
import { sandboxMistakes } from '../sandbox/options.ts'
import { usualProviderOf } from '../usual-provider.ts'
import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { gemini } from './gemini.ts'
import { opencode } from './opencode.ts'
import { cliLoads } from './load.ts'
import { cliOptions, codexOptions } from './options.ts'
import { type Preset, presetFor } from './preset.ts'

const presets: readonly Preset[] = [codex, claude, gemini, opencode]

/** Coding agents with a command line, each a kind of its own. */
export const cliKinds: readonly AgentKind[] = presets.map(kindOf)

function kindOf(preset: Preset): AgentKind {
  const schema = preset.interfaces === undefined ? cliOptions : codexOptions
  const read = (options: Readonly<Record<string, unknown>>) => codexOptions.parse(options)
  return {
    name: preset.name,
    summary: preset.summary,
    options: schema,
    preferredMode: 'async',
    preferredWorkspace: (verb) => (verb === 'review' ? 'shared' : 'own'),
    willWrite: ({ verb }) => (verb === 'review' ? [] : null),
    mistakes({ verb, prompt, command, options }) {
      const found = [...sandboxMistakes(options)]
      if (command !== null) found.push(`${preset.name} runs no command of a task; say in a prompt what is to be done`)
      if (prompt === null && verb === 'run') found.push('asks for nothing: give the task a prompt, or another verb')
      if (options['credentials'] === undefined) found.push(withoutCredentials(preset))
      return found
    },
    usualProvider(options) {
      const { credentials = [], env } = read(options)
      return usualProviderOf(preset.usual, credentials, env)
    },
    missing: (options, environment) => missingCredential(read(options).credentials ?? [], environment),
    secrets: (options) => read(options).credentials ?? [],
    programs: [
      { title: preset.name, options: { credentials: [] } },
      ...Object.keys(preset.interfaces ?? {}).map((name) => ({
        title: `${preset.name} ${name}`,
        options: { credentials: [], interface: name },
      })),
    ],
    async fitness(options, environment) {
      const { probe } = await import('./probe.ts')
      return await probe(presetFor(preset, read(options)), read(options), environment)
    },
    load: must(cliLoads, preset.name),
  }
}

/** Each attempt has an empty home: without a word on credentials it could not but fail. */
const withoutCredentials = ({ name, credentials }: Preset): string =>
  `say what ${name} may log in with: declare its agent with kind: ${name} and credentials: ${credentials}; [] for nothing`
