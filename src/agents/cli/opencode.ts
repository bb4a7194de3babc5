import { opencodeSigns, opencodeStraySigns } from './opencode-signs.ts'
import type { Preset } from './preset.ts'

/** opencode, by `opencode run --format json`. */
export const opencode: Preset = {
  name: 'opencode',
  summary: 'Runs the opencode command line.',
  usual: null,
  credentials: '[ZAI_API_KEY] or whatever its provider needs, or [.local/share/opencode/auth.json] for a login',
  help: { argv: ['run', '--help'], flags: ['--format', '--model', '--print-logs', '--log-level'] },
  argv: ({ model }) => [
    'run',
    '--format',
    'json',
    '--print-logs',
    '--log-level',
    'ERROR',
    ...(model === null ? [] : ['--model', model]),
  ],
  env: ({ access, timeoutMs }) => ({
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    OPENCODE_PERMISSION: JSON.stringify(permissions[access]),
    ...(timeoutMs !== null && { OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS: String(timeoutMs) }),
  }),
  files: () => ({
    '.config/opencode/opencode.json': JSON.stringify({ autoupdate: false, share: 'disabled', snapshot: false }),
  }),
  signs: opencodeSigns,
  straySigns: opencodeStraySigns,
}

/** Whatever would be asked about is denied: nobody answers. */
const permissions = {
  read: { edit: 'deny', bash: 'deny', external_directory: 'deny', webfetch: 'deny' },
  write: { edit: 'allow', bash: 'allow', external_directory: 'deny', webfetch: 'deny' },
  all: { edit: 'allow', bash: 'allow', external_directory: 'allow', webfetch: 'allow' },
} as const
