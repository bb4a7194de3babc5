import { join } from 'node:path'
import { script } from '../../agents/acp-stage.ts'
import { type Answer, event, serveModel, streamHead } from '../../agents/model-server.ts'
import type { Step } from '../../fixtures/acp/fake-agent.ts'
import { asShell } from './as-shell.ts'
import type { Player } from './player.ts'
import { recordedPlayers } from './recorded-players.ts'
import type { Happening, ProviderTrouble, SceneName } from './scenes.ts'

const noProvider: readonly SceneName[] = [
  '429 then success',
  '500 from the provider',
  'dropped stream then success',
  'wrong key',
  'over-long context',
]
const each = <Value>(names: readonly SceneName[], value: Value): Readonly<Partial<Record<SceneName, Value>>> =>
  Object.fromEntries(names.map((name) => [name, value]))

/** A program of which nothing is known but how it ends. */
const command: Player = {
  title: 'command',
  kind: 'command',
  stage: async (_t, happens) => ({ command: ['sh', '-c', ['set -e', ...happens.map(asShell)].join('\n')] }),
  differs: each(noProvider, {
    outcome: { how: 'failed', failure: { kind: 'agent', class: undefined, message: /exited with 1: .*provider/ } },
    because: 'what a program tells of its provider is known only where the program is: it failed',
  }),
  cannot: { hang: 'it has no limit of its own: the stall of the task ends it, as hanging-agents.test.ts shows' },
}

const noWorld = 'it has neither a program nor a provider that this could happen to'

/** Rules and templates: it does what it does, and nothing can be told to it. */
const local: Player = {
  title: 'local',
  kind: 'local',
  stage: async (_t, happens) => {
    const files = happens.filter((one) => 'does' in one && one.does === 'edit').map((_, index) => `module${index}.py`)
    return { verb: 'docs', files }
  },
  differs: {
    edit: {
      outcome: { how: 'completed' },
      files: { 'docs/api/module0.md': 'add' },
      because: 'it chooses what to write',
    },
    'two-step edit': {
      outcome: { how: 'completed' },
      files: { 'docs/api/module0.md': 'add', 'docs/api/module1.md': 'subtract' },
      because: 'it chooses what to write',
    },
  },
  cannot: {
    'cancel in the middle': 'it is done before a stop can cross a wire: the test above stops it',
    'time-out of one that does not listen': 'it listens between files',
    ...each([...noProvider, 'crash', 'hang', 'output flood'], noWorld),
  },
}

/** A model behind an endpoint: the script is what the endpoint answers. */
const model: Player = {
  title: 'model',
  kind: 'model',
  async stage(t, happens) {
    const { url } = await serveModel(t, happens.map(asAnswer))
    const isSilent = hasTrouble(happens, 'says nothing')
    const options = { endpoint: url, model: 'm', ...(isSilent && { idleSeconds: 1 }) }
    return { verb: 'implement', prompt: 'Do it.', options }
  },
  differs: {
    hang: {
      outcome: {
        how: 'failed',
        failure: { kind: 'infrastructure', class: 'network', message: /said nothing for 1 s/ },
      },
      because: 'it is the endpoint that is silent, and the call is given up, not the agent',
    },
  },
  cannot: { crash: 'it has no program: the host it lives in may crash, as hosts.test.ts shows' },
}

const glm = (code: string, message: string): string => JSON.stringify({ error: { code, message } })
const soon = { 'retry-after-ms': '1' }

const troubles: Readonly<Record<ProviderTrouble, Answer>> = {
  'asks to slow down': { status: 429, body: glm('1302', 'slow down'), headers: soon },
  breaks: { status: 500, body: 'oops', headers: soon },
  'drops the stream': {
    raw(response) {
      response.writeHead(200, streamHead)
      response.write(event({ content: 'half a' }), () => response.destroy())
    },
  },
  'says nothing': { raw: () => {} },
  'refuses the key': { status: 401, body: glm('1000', 'no such key') },
  'finds it too long': {
    status: 400,
    body: JSON.stringify({ error: { code: 'context_length_exceeded', message: 'x' } }),
  },
}

function asAnswer(happening: Happening): Answer {
  if ('provider' in happening) return troubles[happening.provider]
  const run = (line: string): Answer => ({ calls: [['run_command', { command: line }]] })
  switch (happening.does) {
    case 'edit':
      return { calls: [['write_file', { path: happening.file, content: happening.text }]] }
    case 'say':
      return { calls: [['finish', { outcome: 'done', summary: happening.text }]] }
    case 'work on':
      return run(asShell(happening))
    case 'flood':
      return run(asShell(happening))
    case 'crash':
      throw new TypeError('a model has no program')
  }
}

const fakeAgent = [process.execPath, join(import.meta.dirname, '../../fixtures/acp/main.mjs')]

/** An agent that speaks the Agent Client Protocol: the script is what it tells. */
const acp: Player = {
  title: 'acp',
  kind: 'acp',
  async stage(_t, happens) {
    const isDeaf = happens.some((one) => 'does' in one && one.does === 'work on' && one.deaf)
    const hasNoKey = hasTrouble(happens, 'refuses the key')
    const isSilent = hasTrouble(happens, 'says nothing')
    return {
      verb: 'implement',
      prompt: script(happens.flatMap(asSteps)),
      options: {
        argv: [...fakeAgent, ...(isDeaf ? ['stays'] : [])],
        ...(isSilent && { idleSeconds: 2 }),
        ...(hasNoKey && { env: { FAKE_START: 'login' } }),
      },
    }
  },
  differs: {
    'output flood': {
      outcome: { how: 'failed', failure: { kind: 'agent', message: /a message was longer than \d+ bytes/ } },
      because: 'a message that is longer than any that the protocol needs ends the session',
    },
  },
  cannot: {},
}

const hasTrouble = (happens: readonly Happening[], trouble: ProviderTrouble): boolean =>
  happens.some((one) => 'provider' in one && one.provider === trouble)

const refused = (message: string, data: object): readonly Step[] => [{ error: { code: -32_603, message, data } }]

const told: Readonly<Record<ProviderTrouble, readonly Step[]>> = {
  'asks to slow down': refused('Internal error', { errorKind: 'rate_limit' }),
  breaks: refused('Internal error', { status: 500 }),
  // as codex-acp does: the turn ends well, with an apology
  'drops the stream': [{ say: 'stream disconnected before completion: closed' }, { stop: 'end_turn' }],
  'says nothing': [{ hang: 'deaf' }],
  'refuses the key': [],
  'finds it too long': refused('prompt is too long', { status: 400 }),
}

function asSteps(happening: Happening): readonly Step[] {
  if ('provider' in happening) return told[happening.provider]
  switch (happening.does) {
    case 'edit':
      return [{ edit: happening.file, text: happening.text, by: 'callback' }]
    case 'say':
      return [{ say: happening.text }]
    case 'work on':
      return [{ say: 'works on' }, { hang: happening.deaf ? 'deaf' : true }]
    case 'crash':
      return [{ kill: 'SIGKILL' }]
    case 'flood':
      return [{ huge: 20_000_000 }]
  }
}

/** One for each kind at least. */
export const players: readonly Player[] = [command, local, model, acp, ...recordedPlayers]
