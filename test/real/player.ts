import { LLMock } from '@copilotkit/aimock'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { Player } from '../contracts/conformance/player.ts'
import { recordedPlayers } from '../contracts/conformance/recorded-players.ts'
import type { Happening, ProviderTrouble } from '../contracts/conformance/scenes.ts'
import { until } from '../until.ts'
import type { RealAgent } from './agents.ts'
import { broken, call, refused, slowDown, usage } from './model-server.ts'
import { programsOf } from './programs.ts'

const troubles: Readonly<Record<Exclude<ProviderTrouble, 'drops the stream' | 'says nothing'>, object>> = {
  'asks to slow down': slowDown,
  breaks: broken,
  'refuses the key': refused,
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
  'acp-codex': {
    'two-step edit': {
      outcome: { how: 'failed', failure: { kind: 'agent', message: /last tool failed: edit/ } },
      files: { 'a.txt': 'a.txt as it should be' },
      because: 'in the mode in which it asks it cannot make the folder of a new file',
    },
  },
  'acp-gemini': {
    'output flood': {
      outcome: { how: 'failed', failure: { kind: 'agent', message: /used up the tokens/ } },
      because: 'it gives its model all of the output, which is more than that can read',
    },
  },
  gemini: {
    'output flood': {
      outcome: { how: 'failed', failure: { kind: 'agent', message: /told no end of its work/ } },
      files: { 'a.txt': 'a.txt as it should be' },
      because: 'it exits before all is written that it tells, and with so much of it the end is lost',
    },
  },
}

/** What one says nothing for is long on a slow machine too. */
const idleSeconds = 30

/** A real agent by its real program: the script is what its model answers. */
export function realPlayer(agent: RealAgent, program: string): Player {
  const { kind, ...told } = agent.agent('') as { readonly kind: string }
  const recorded = recordedPlayers.find(({ title }) => agent.name.endsWith(title))
  const { hang } = kind === 'acp' ? {} : (recorded?.cannot ?? {})
  return {
    title: `the real ${agent.name}`,
    kind,
    async stage(t, happens, directory) {
      const url = await serveScript(t, agent, happens, directory)
      for (const [name, text] of Object.entries(agent.home(url))) write(name, text)
      const { kind: _kind, ...options } = agent.agent(url)
      if (happens.some((one) => 'does' in one && one.does === 'crash')) void killAmidIts(agent, directory)
      const isSilent = happens.some((one) => 'provider' in one && one.provider === 'says nothing')
      const argv = [program, ...(agent.words ?? [])]
      const idle = isSilent ? { idleSeconds } : {}
      return { verb: 'implement', prompt: 'Do it.', options: { ...told, ...options, ...idle, argv } }
    },
    differs: { ...recorded?.differs, ...otherwise[agent.name] },
    cannot: hang === undefined ? {} : { hang },
  }
}

/** A server whose model does what happens; its address. */
async function serveScript(t: Test, agent: RealAgent, happens: readonly Happening[], directory: string) {
  const server = new LLMock({ port: 0, host: '127.0.0.1' })
  const isOver = Promise.withResolvers<void>()
  const drops = happens.some((one) => 'provider' in one && one.provider === 'drops the stream')
  server.on(
    { predicate: () => true },
    async ({ messages, tools = [] }) => {
      // for the title of a session there are no tools
      const isTitle = tools.length === 0
      const answer = answerOf(agent, happens, { messages, isTitle, directory })
      if (answer === null) await isOver.promise
      return answer ?? { content: 'too late', usage }
    },
    { ...(drops && { truncateAfterChunks: 1 }) },
  )
  await server.start()
  t.teardown(() => {
    isOver.resolve()
    return server.stop()
  })
  return server.url
}

/** Kills an agent's program as soon as it has written the first file. */
async function killAmidIts(agent: RealAgent, directory: string): Promise<void> {
  await until(() => existsSync(join(directory, 'a.txt')))
  for (const { pid } of programsOf(agent)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone with the one before
    }
  }
}

interface Asked {
  readonly messages: readonly { readonly role: string }[]
  readonly isTitle: boolean
  readonly directory: string
}

/** The answer depends on the request alone: which step comes is told by the results of tools; null for none. */
function answerOf(agent: RealAgent, happens: readonly Happening[], { messages, isTitle, directory }: Asked) {
  const trouble = happens.find((one) => 'provider' in one)?.provider
  if (trouble !== undefined && trouble in troubles) return troubles[trouble as keyof typeof troubles]
  if (isTitle) return { content: 'A title', usage }
  if (trouble === 'says nothing') return null
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
    case 'crash':
      return agent.run('tail -f /dev/null')
    case 'flood':
      return agent.run("head -c 20000000 /dev/zero | tr '\\0' y")
  }
}

function write(name: string, text: string): void {
  const path = join(process.env['HOME'] ?? '', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
