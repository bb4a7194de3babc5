import { quietClaude } from '../quiet-claude.ts'
import { claudeSpeech } from './claude-questions.ts'
import { claudeSigns } from './claude-signs.ts'
import type { Preset } from './preset.ts'

/** Claude Code, by `claude --print`. */
export const claude: Preset = {
  name: 'claude',
  summary: 'Runs the Claude Code command line.',
  usual: { key: 'ANTHROPIC_API_KEY', provider: 'anthropic' },
  credentials: '[ANTHROPIC_API_KEY], [CLAUDE_CODE_OAUTH_TOKEN], or [.claude/.credentials.json] for a login',
  help: {
    argv: ['--help'],
    flags: [
      '--print',
      '--input-format',
      '--output-format',
      '--permission-prompt-tool',
      '--permission-mode',
      '--allowedTools',
      '--disallowedTools',
      '--no-session-persistence',
      '--model',
    ],
  },
  argv: ({ access, model }) => [
    '--print',
    '--input-format',
    'stream-json',
    '--output-format',
    'stream-json',
    '--verbose',
    '--no-session-persistence',
    '--permission-prompt-tool',
    'stdio',
    '--disallowedTools',
    forPeople,
    ...permissions[access],
    ...(model === null ? [] : ['--model', model]),
  ],
  env: ({ access, timeoutMs }) => ({
    ...quietClaude,
    // as root it refuses to let its model do all, but where it is told that it is confined
    ...(access === 'all' && { IS_SANDBOX: '1' }),
    ...(timeoutMs !== null && { BASH_DEFAULT_TIMEOUT_MS: String(timeoutMs), BASH_MAX_TIMEOUT_MS: String(timeoutMs) }),
  }),
  files: () => ({}),
  speech: claudeSpeech,
  signs: claudeSigns,
}

/** A question is for somebody who answers it, and a plan for somebody who agrees to it: who has begun one may change nothing until then. */
const forPeople = 'AskUserQuestion EnterPlanMode ExitPlanMode'

/** What is neither allowed nor denied here is asked. A rule that allows Edit or Write would allow them outside the workspace too. */
const permissions = {
  read: ['--permission-mode', 'dontAsk', '--allowedTools', 'Read Grep Glob'],
  write: ['--permission-mode', 'default', '--allowedTools', 'Bash'],
  all: ['--permission-mode', 'bypassPermissions'],
} as const
