import { codexSigns, codexStraySigns } from './codex-signs.ts'
import type { Preset } from './preset.ts'

/** Codex, by `codex exec`: never by its terminal, which leaves a daemon behind and changes its settings at a blind key. */
export const codex: Preset = {
  name: 'codex',
  summary: 'Runs the Codex command line.',
  usual: { key: 'OPENAI_API_KEY', provider: 'openai' },
  credentials: '[OPENAI_API_KEY], or [.codex/auth.json] for a login',
  help: {
    argv: ['exec', '--help'],
    flags: ['--json', '--ephemeral', '--skip-git-repo-check', '--sandbox', '--config', '--model'],
  },
  argv: ({ access, model, timeoutMs }) => [
    'exec',
    '--json',
    '--ephemeral',
    '--skip-git-repo-check',
    '--sandbox',
    sandboxes[access],
    ...(model === null ? [] : ['--model', model]),
    ...settings('check_for_update_on_startup=false', 'analytics.enabled=false', 'otel.exporter="none"'),
    ...(timeoutMs === null ? [] : settings(`background_terminal_max_timeout=${timeoutMs}`)),
  ],
  env: ({ secrets: { OPENAI_API_KEY: key } }, home) => ({
    // every tool of it fails where its home lies below the temporary folder
    TMPDIR: `${home}/tmp`,
    // without a login it takes the key from this variable only
    ...(key !== undefined && { CODEX_API_KEY: key }),
  }),
  files: () => ({ 'tmp/README': 'This folder is for one attempt.\n' }),
  signs: codexSigns,
  straySigns: codexStraySigns,
}

const sandboxes = { read: 'read-only', write: 'workspace-write', all: 'danger-full-access' } as const

const settings = (...all: readonly string[]): readonly string[] => all.flatMap((one) => ['--config', one])
