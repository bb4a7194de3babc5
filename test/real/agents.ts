import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

/** A real coding agent: which package it comes in, and how a manifest has it ask a server on this machine. */
export interface RealAgent {
  readonly name: string
  /** Of whose folder below `.real` its program is; its own where this is left out. */
  readonly folder?: string
  /** Name and version, exactly. */
  readonly package: readonly [name: string, version: string]
  /** Where its program lies below its folder; a pattern. */
  readonly program: string
  /** How often it asks until it gives up after a 429. */
  readonly asks: number
  /** Whether it tells its tokens, and all files that it has written. */
  readonly tellsAll: boolean
  readonly tellsCost: boolean
  /** Whether it asks before it writes. */
  readonly asksFirst: boolean
  /** Arguments that go first. */
  readonly words?: readonly string[]
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
    model: 'mock/glm-4.7',
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

const codex: RealAgent = {
  name: 'codex',
  package: ['@openai/codex', '0.169.0'],
  program: 'node_modules/@openai/codex-*/vendor/*/bin/codex',
  asks: 2,
  tellsAll: true,
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
}

/** Those that have a command line of their own. */
const commandLines: readonly RealAgent[] = [
  codex,
  {
    ...codex,
    name: 'codex-app-server',
    folder: 'codex',
    asksFirst: true,
    agent: (server) => ({ ...codex.agent(server), interface: 'app-server' }),
  },
  {
    name: 'claude',
    package: ['@anthropic-ai/claude-code', '2.1.332'],
    program: 'node_modules/@anthropic-ai/claude-code-*/claude',
    asks: 3,
    tellsAll: true,
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
    tellsAll: true,
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
    tellsAll: true,
    tellsCost: false,
    asksFirst: false,
    agent: () => ({ kind: 'opencode', credentials: ['.config/opencode/opencode.json', key], model: 'mock/glm-4.7' }),
    home: (server) => ({ '.config/opencode/opencode.json': opencodeSettings(server) }),
    write: (folder, file, content) => ['write', { filePath: join(folder, file), content }],
    run: (command) => ['bash', { command, description: 'a command' }],
  },
]

/** The same by the Agent Client Protocol: where they come from, what starts them, and how often they ask. */
const byProtocol: readonly (readonly [
  name: string,
  origin: Pick<RealAgent, 'package' | 'program' | 'asks'>,
  words: readonly string[],
])[] = [
  [
    'codex',
    { package: ['@agentclientprotocol/codex-acp', '2.6.0'], program: 'node_modules/.bin/codex-acp', asks: 2 },
    [],
  ],
  [
    'claude',
    {
      package: ['@agentclientprotocol/claude-agent-acp', '0.101.0'],
      program: 'node_modules/.bin/claude-agent-acp',
      asks: 3,
    },
    [],
  ],
  ['gemini', { package: ['@google/gemini-cli', '0.61.0'], program: 'node_modules/.bin/gemini', asks: 2 }, ['--acp']],
  [
    'opencode',
    {
      package: ['opencode-ai', '1.18.33'],
      program: `node_modules/opencode-${process.platform}-${process.arch}/bin/opencode`,
      asks: 6,
    },
    ['acp'],
  ],
]

const protocolAgents: readonly RealAgent[] = byProtocol.flatMap(([preset, origin, words]) =>
  commandLines
    .filter(({ name }) => name === preset)
    .map((known) => ({
      ...known,
      ...origin,
      name: `acp-${preset}`,
      words,
      tellsAll: false,
      tellsCost: false,
      asksFirst: true,
      // in the mode in which Codex asks, its commands write only where its model says that they need to
      run: (command) => {
        const [tool, input] = known.run(command)
        const more = { sandbox_permissions: 'require_escalated', justification: 'It writes.' }
        return [tool, preset === 'codex' ? { ...input, ...more } : input]
      },
      agent(server) {
        const { model, credentials, env } = known.agent(server)
        const models = preset === 'gemini' ? { GEMINI_MODEL: model } : {}
        return { kind: 'acp', preset, credentials, env: { ...(env as object | undefined), ...models } }
      },
    })),
)

/** Those that are known, by name. */
export const realAgents: readonly RealAgent[] = [...commandLines, ...protocolAgents]

/** What a word on the command line stands for: an agent, or all that are driven by the protocol; none for all with a command line. */
export function agentsNamed(words: readonly string[]): readonly RealAgent[] {
  if (words.length === 0) return commandLines
  return realAgents.filter(({ name }) => words.includes(name) || (words.includes('acp') && name.startsWith('acp-')))
}

/** Where an agent is installed, below the folder for all. */
export const folderOf = ({ name, folder = name }: RealAgent, real: string): string => join(real, folder)

/** The program of an agent that is installed below a folder for all; null where it is not. */
export function programOf(agent: RealAgent, real: string): string | null {
  const {
    program,
    package: [name],
  } = agent
  const folder = folderOf(agent, real)
  const [found] = globSync(program, { cwd: folder })
  return found !== undefined && existsSync(join(folder, 'node_modules', name)) ? join(folder, found) : null
}
