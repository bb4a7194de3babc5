import { quietClaude } from '../quiet-claude.ts'
import { quietGemini } from '../quiet-gemini.ts'
import { type UsualProvider, usualProviderOf } from '../usual-provider.ts'

/** An agent that is known: how it is started, and what it needs to work unattended. */
export interface Preset {
  readonly argv: readonly string[]
  /** The mode in which it asks before it writes; null where it has none. */
  readonly mode: string | null
  env(home: string): Readonly<Record<string, string>>
  /** What lies in its home, by path; a credential of the same path goes before it. */
  readonly files: Readonly<Record<string, string>>
  /** Whose limits its calls share where it has the usual key; null where that is open. */
  readonly usual: UsualProvider | null
  /** Whether files are read for it. */
  readonly reads: boolean
}

export const presetNames = ['codex', 'claude', 'gemini', 'opencode'] as const

export type PresetName = (typeof presetNames)[number]

const temporary = { 'tmp/README': 'This folder is for one attempt.\n' } as const

const ownTemporary = (home: string): Readonly<Record<string, string>> => ({ TMPDIR: `${home}/tmp` })

/** Each is told to ask before it writes, to send nothing home, and not to renew itself. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  codex: {
    argv: ['codex-acp'],
    mode: 'read-only',
    // every tool of it fails where its home lies below the temporary folder
    env: ownTemporary,
    usual: { key: 'OPENAI_API_KEY', provider: 'openai' },
    reads: true,
    files: {
      ...temporary,
      '.codex/config.toml':
        'check_for_update_on_startup = false\n\n[analytics]\nenabled = false\n\n[otel]\nexporter = "none"\n',
    },
  },
  claude: {
    argv: ['claude-agent-acp'],
    // it begins in a mode in which a model decides
    mode: 'default',
    env: () => quietClaude,
    files: {},
    usual: { key: 'ANTHROPIC_API_KEY', provider: 'anthropic' },
    reads: true,
  },
  gemini: {
    argv: ['gemini', '--acp'],
    mode: 'default',
    // the child that it starts anew would hear of no signal; what was said when it failed it leaves in the temporary folder
    env: (home) => ({ GEMINI_CLI_NO_RELAUNCH: 'true', ...ownTemporary(home) }),
    usual: { key: 'GEMINI_API_KEY', provider: 'gemini' },
    // the error for a file that is not there yet it takes for a fault, and then it cannot make one
    reads: false,
    files: {
      ...temporary,
      '.gemini/settings.json': JSON.stringify({ security: { folderTrust: { enabled: false } }, ...quietGemini }),
    },
  },
  opencode: {
    argv: ['opencode', 'acp'],
    mode: null,
    env: () => ({
      OPENCODE_PERMISSION: '{"edit":"ask","bash":"ask"}',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    }),
    files: {},
    usual: null,
    reads: true,
  },
}

/** The provider of a preset that has its usual key, and is not told to ask elsewhere. */
export const usualProvider = (
  preset: PresetName | undefined,
  credentials: readonly string[],
  env: Readonly<Record<string, string>>,
): string | null => usualProviderOf(preset === undefined ? null : presets[preset].usual, credentials, env)
