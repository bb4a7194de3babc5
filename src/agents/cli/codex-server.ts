import { codexSpeech } from './codex-speech.ts'
import type { Preset } from './preset.ts'

/** Codex by `codex app-server`, which asks before it writes; given what both ways have in common. */
export const codexServer = (shared: Omit<Preset, 'help' | 'argv' | 'signs'>, words: readonly string[]): Preset => ({
  ...shared,
  // it colours what it tells on standard error
  env: (settings, home) => ({ ...shared.env(settings, home), NO_COLOR: '1' }),
  help: { argv: ['app-server', '--help'], flags: ['app-server', '--listen', '--config'] },
  argv: ({ timeoutMs, secrets }) => [
    'app-server',
    ...words,
    // the key that it is told is not to lie in its home
    ...('OPENAI_API_KEY' in secrets ? ['--config', 'cli_auth_credentials_store="ephemeral"'] : []),
    ...(timeoutMs === null ? [] : ['--config', `background_terminal_max_timeout=${timeoutMs}`]),
  ],
  speech: codexSpeech,
  // its speech has them: they depend on what was said before
  signs: () => [],
})
