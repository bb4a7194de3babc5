import { codexServer } from './codex-server.ts'
import { codexSigns, codexStraySigns } from './codex-signs.ts'
import type { Preset } from './preset.ts'

const settings = (...all: readonly string[]): readonly string[] => all.flatMap((one) => ['--config', one])

const quiet = settings('check_for_update_on_startup=false', 'analytics.enabled=false', 'otel.exporter="none"')

const shared = {
  name: 'codex',
  summary: 'Runs the Codex command line.',
  usual: { key: 'OPENAI_API_KEY', provider: 'openai' },
  credentials: '[OPENAI_API_KEY], or [.codex/auth.json] for a login',
  env: ({ secrets: { OPENAI_API_KEY: key } }, home) => ({
    // every tool of it fails where its home lies below the temporary folder
    TMPDIR: `${home}/tmp`,
    // without a login it takes the key from this variable only
    ...(key !== undefined && { CODEX_API_KEY: key }),
  }),
  files: () => ({ 'tmp/README': 'This folder is for one attempt.\n' }),
} as const satisfies Partial<Preset>

/** Codex, by `codex exec`: never by its terminal, which leaves a daemon behind and changes its settings at a blind key. */
export const codex: Preset = {
  ...shared,
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
    ...quiet,
    ...(timeoutMs === null ? [] : settings(`background_terminal_max_timeout=${timeoutMs}`)),
  ],
  signs: codexSigns,
  straySigns: codexStraySigns,
  interfaces: { 'app-server': codexServer(shared, quiet) },
}

const sandboxes = { read: 'read-only', write: 'workspace-write', all: 'danger-full-access' } as const
