import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

/** A real coding agent: which package it comes in, and how a manifest has it ask a server on this machine. */
export interface RealAgent {
  readonly name: string
  /** Name and version, exactly. */
  readonly package: readonly [name: string, version: string]
  /** Where its program lies below its folder; a pattern. */
  readonly program: string
  /** How often it asks again by itself after a 429, plus once. */
  readonly asks: number
  readonly tellsCost: boolean
  /** Whether it asks before it writes. */
  readonly asksFirst: boolean
  /** Its declaration, but for `argv`. */
  agent(server: string): Readonly<Record<string, unknown>>
  /** Files of its user's home, which it may have. */
  home(server: string): Readonly<Record<string, string>>
  /** The call of a tool that writes `text` into `file` of the folder, and of one that runs a command. */
  write(folder: string, file: string, text: string): readonly [tool: string, input: object]
  run(command: string): readonly [tool: string, input: object]
}

/** The variable that holds the key of agents whose endpoint is configured. */
const key = 'MOCK_KEY'

const codexSettings = (server: string): string => `model = "gpt-5.5"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "${server}/v1"
env_key = "${key}"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
`

const opencodeSettings = (server: string): string =>
  JSON.stringify({
    small_model: 'mock/glm-4.7',
    autoupdate: false,
    share: 'disabled',
    snapshot: false,
    provider: {
      mock: {
        npm: '@ai-sdk/openai-compatible',
        options: { baseURL: `${server}/v1`, apiKey: `{env:${key}}` },
        models: { 'glm-4.7': { name: 'GLM', tool_call: true, limit: { context: 200_000, output: 8_192 } } },
      },
    },
  })

/** Those that are known, by name. */
export const realAgents: readonly RealAgent[] = [
  {
    name: 'codex',
    package: ['@openai/codex', '0.169.0'],
    program: 'node_modules/@openai/codex-*/vendor/*/bin/codex',
    asks: 2,
    tellsCost: false,
    asksFirst: false,
    agent: () => ({ kind: 'codex', credentials: ['.codex/config.toml', key] }),
    home: (server) => ({ '.codex/config.toml': codexSettings(server) }),
    write: (_, file, text) => {
      const lines = text.trimEnd().replace(/^/gm, '+')
      const patch = `*** Begin Patch\n*** Add File: ${file}\n${lines}\n*** End Patch`
      return ['exec_command', { cmd: `apply_patch <<'EOF'\n${patch}\nEOF` }]
    },
    run: (cmd) => ['exec_command', { cmd }],
  },
  {
    name: 'claude',
    package: ['@anthropic-ai/claude-code', '2.1.332'],
    program: 'node_modules/@anthropic-ai/claude-code-*/claude',
    asks: 3,
    tellsCost: true,
    asksFirst: true,
    agent: (server) => ({
      kind: 'claude',
      credentials: ['ANTHROPIC_API_KEY'],
      env: { ANTHROPIC_BASE_URL: server },
    }),
    home: () => ({}),
    write: (folder, file, content) => ['Write', { file_path: join(folder, file), content }],
    run: (command) => ['Bash', { command, description: 'a command' }],
  },
  {
    name: 'gemini',
    package: ['@google/gemini-cli', '0.61.0'],
    program: 'node_modules/.bin/gemini',
    asks: 2,
    tellsCost: false,
    asksFirst: false,
    agent: (server) => ({
      kind: 'gemini',
      credentials: ['GEMINI_API_KEY'],
      model: 'gemini-2.5-pro',
      env: { GOOGLE_GEMINI_BASE_URL: server },
    }),
    home: () => ({}),
    write: (folder, file, content) => ['write_file', { file_path: join(folder, file), content }],
    run: (command) => ['run_shell_command', { command }],
  },
  {
    name: 'opencode',
    package: ['opencode-ai', '1.18.33'],
    program: `node_modules/opencode-${process.platform}-${process.arch}/bin/opencode`,
    asks: 6,
    tellsCost: false,
    asksFirst: false,
    agent: () => ({ kind: 'opencode', credentials: ['.config/opencode/opencode.json', key], model: 'mock/glm-4.7' }),
    home: (server) => ({ '.config/opencode/opencode.json': opencodeSettings(server) }),
    write: (folder, file, content) => ['write', { filePath: join(folder, file), content }],
    run: (command) => ['bash', { command, description: 'a command' }],
  },
]

/** The program of an agent that is installed in a folder; null where it is not, or in another version. */
export function programOf({ program, package: [name] }: RealAgent, folder: string): string | null {
  const [found] = globSync(program, { cwd: folder })
  return found !== undefined && existsSync(join(folder, 'node_modules', name)) ? join(folder, found) : null
}
