import { LLMock } from '@copilotkit/aimock'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Player } from '../contracts/conformance/player.ts'
import { recordedPlayers } from '../contracts/conformance/recorded-players.ts'
import type { Happening, ProviderTrouble } from '../contracts/conformance/scenes.ts'
import type { RealAgent } from './agents.ts'
import { call, refusal, usage } from './model-server.ts'

const troubles: Readonly<Record<Exclude<ProviderTrouble, 'drops the stream' | 'says nothing'>, object>> = {
  'asks to slow down': refusal(429, 'rate_limit_error', 'slow down'),
  breaks: { error: { message: 'oops', type: 'server_error' }, status: 500 },
  'refuses the key': refusal(401, 'authentication_error', 'this key is not known'),
  'finds it too long': {
    error: {
      message: 'prompt is too long: 250000 tokens > 200000 maximum',
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    },
    status: 400,
  },
}

/** What the real ones do otherwise than they were recorded to tell. */
const otherwise: Readonly<Record<string, Player['differs']>> = {
  gemini: {
    'output flood': {
      outcome: { how: 'failed', failure: { kind: 'agent', message: /told no end of its work/ } },
      files: { 'a.txt': 'a.txt as it should be' },
      because: 'it exits before all is written that it tells, and with so much of it the end is lost',
    },
  },
}

/** A real agent by its real program: the script is what its model answers. */
export function realPlayer(agent: RealAgent, program: string): Player {
  const { kind, ...told } = agent.agent('') as { readonly kind: string }
  const recorded = recordedPlayers.find(({ title }) => title === agent.name)
  return {
    title: `the real ${agent.name}`,
    kind,
    async stage(t, happens, directory) {
      const server = new LLMock({ port: 0, host: '127.0.0.1' })
      const drops = happens.some((one) => 'provider' in one && one.provider === 'drops the stream')
      server.on(
        { predicate: () => true },
        ({ messages, tools = [] }) => answerOf(agent, happens, { messages, tools, directory }),
        {
          ...(drops && { truncateAfterChunks: 1 }),
        },
      )
      await server.start()
      t.teardown(() => server.stop())
      for (const [name, text] of Object.entries(agent.home(server.url))) write(name, text)
      const { kind: _kind, ...options } = agent.agent(server.url)
      return { verb: 'implement', prompt: 'Do it.', options: { ...told, ...options, argv: [program] } }
    },
    differs: { ...recorded?.differs, ...otherwise[agent.name] },
    cannot: {
      hang: recorded?.cannot.hang ?? 'it has no limit of its own',
      crash: 'nothing in its conversation kills it; real.ts does',
    },
  }
}

interface Asked {
  readonly messages: readonly { readonly role: string }[]
  readonly tools: readonly unknown[]
  readonly directory: string
}

/** The answer depends on the request alone: which step comes is told by the results of tools. */
function answerOf(agent: RealAgent, happens: readonly Happening[], { messages, tools, directory }: Asked) {
  const trouble = happens.find((one) => 'provider' in one)?.provider
  if (trouble !== undefined && trouble in troubles) return troubles[trouble as keyof typeof troubles]
  // for the title of a session there are no tools
  if (tools.length === 0) return { content: 'A title', usage }
  const done = messages.filter(({ role }) => role === 'tool').length
  const next = happens.filter((one) => 'does' in one)[done]
  return next === undefined || next.does === 'say'
    ? { content: next?.text ?? 'All done.', usage }
    : call(toolFor(agent, next, directory), done)
}

type Doing = Exclude<Extract<Happening, { readonly does: string }>, { readonly does: 'say' }>

function toolFor(agent: RealAgent, doing: Doing, directory: string): readonly [tool: string, input: object] {
  switch (doing.does) {
    case 'edit':
      return agent.write(directory, doing.file, doing.text)
    case 'work on':
      return agent.run(`${doing.deaf ? "trap '' TERM; " : ''}tail -f /dev/null`)
    case 'flood':
      return agent.run("head -c 20000000 /dev/zero | tr '\\0' y")
    case 'crash':
      throw new TypeError('it cannot be made to crash')
  }
}

function write(name: string, text: string): void {
  const path = join(process.env['HOME'] ?? '', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
