import { quietGemini } from '../quiet-gemini.ts'
import { geminiSigns, geminiStraySigns } from './gemini-signs.ts'
import type { Preset } from './preset.ts'

/** The Gemini CLI, by `gemini --output-format stream-json`. */
export const gemini: Preset = {
  name: 'gemini',
  summary: 'Runs the Gemini command line.',
  usual: { key: 'GEMINI_API_KEY', provider: 'gemini' },
  credentials: '[GEMINI_API_KEY], or [.gemini/oauth_creds.json, .gemini/settings.json] for a login',
  help: { argv: ['--help'], flags: ['--output-format', '--approval-mode', '--skip-trust', '--model'] },
  argv: ({ access, model }) => [
    '--output-format',
    'stream-json',
    '--skip-trust',
    '--approval-mode',
    access === 'read' ? 'plan' : 'yolo',
    ...(model === null ? [] : ['--model', model]),
  ],
  env: (_, home) => ({
    // the child that it starts anew would hear of no signal
    GEMINI_CLI_NO_RELAUNCH: 'true',
    // what was said when it failed it leaves there
    TMPDIR: `${home}/tmp`,
  }),
  files: ({ timeoutMs, secrets }) => ({
    'tmp/README': 'This folder is for one attempt.\n',
    '.gemini/settings.json': JSON.stringify({
      security: {
        folderTrust: { enabled: false },
        ...(secrets['GEMINI_API_KEY'] !== undefined && { auth: { selectedType: 'gemini-api-key' } }),
      },
      ...quietGemini,
      ...(timeoutMs !== null && { tools: { shell: { inactivityTimeout: Math.ceil(timeoutMs / 1_000) } } }),
    }),
  }),
  signs: geminiSigns,
  straySigns: geminiStraySigns,
  // of an HTTP status it keeps the lowest byte
  statusOfExit: (code) => statuses.find((status) => (status & 0xff) === code) ?? null,
}

const statuses = [400, 401, 403, 404, 429, 500, 502, 503, 504]
