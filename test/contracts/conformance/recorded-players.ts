import { join } from 'node:path'
import { asShell } from './as-shell.ts'
import type { Player } from './player.ts'
import type { Happening, ProviderTrouble } from './scenes.ts'

const streams = join(import.meta.dirname, '../../fixtures/streams')

/** Plays a recorded stream; `$W` in it stands for the workspace. */
const plays = (stream: string): string => `sed "s|\\$W|$PWD|g" '${join(streams, stream)}.jsonl'`

const recorded: Readonly<Partial<Record<ProviderTrouble, string>>> = {
  'asks to slow down': '429',
  breaks: '500',
  'refuses the key': '401',
  'finds it too long': 'context',
}

/** What Gemini exits with: the lowest byte of the HTTP status. */
const geminiExits: Readonly<Partial<Record<ProviderTrouble, number>>> = {
  'asks to slow down': 173,
  breaks: 244,
  'refuses the key': 145,
  'finds it too long': 144,
}

const hangs = 'it has no limit of its own: the stall of the task ends it, as hanging-agents.test.ts shows'

/** A program with a command line of its own, of which it is known what it told: it edits by itself, and tells as it was recorded. */
const recordedPlayer = (name: string, differs: Player['differs'], cannot: Player['cannot']): Player => ({
  title: name,
  kind: name,
  ...((name === 'gemini' || name === 'opencode') && { like: 'codex' }),
  stage: async (_t, happens) => {
    const lines = [
      name === 'claude' ? 'read -r _' : 'cat > /dev/null',
      ...happens.map((happening) => asLine(name, happening)),
    ]
    return {
      verb: 'implement',
      prompt: 'Do it.',
      options: { argv: ['sh', '-c', lines.join('\n'), name], credentials: [] },
    }
  },
  differs,
  cannot: {
    hang: hangs,
    ...cannot,
  },
})

function asLine(name: string, happening: Happening): string {
  if ('does' in happening) return happening.does === 'say' ? plays(`${name}-ok`) : asShell(happening)
  if (happening.provider === 'drops the stream') return `echo '${droppedStream}'; exit 1`
  const stream = recorded[happening.provider]
  const code = name === 'gemini' ? geminiExits[happening.provider] : 1
  if (stream === undefined) throw new TypeError(`${happening.provider} was not recorded of ${name}`)
  return `${plays(`${name}-${stream}`)}; exit ${code ?? 1}`
}

const droppedStream = JSON.stringify({
  type: 'turn.failed',
  error: { message: 'stream disconnected before completion: closed' },
})

const says = (message: object): string => `printf '%s\\n' '${JSON.stringify(message)}'`
const hears = 'read -r _'
const turnEnds = (status: string, error: object | null): string =>
  says({ method: 'turn/completed', params: { threadId: 'a-thread', turn: { id: 'a-turn', status, error } } })

/** Codex where it is spoken to: it is asked for a thread and a turn, and breaks that off where it is told to. */
const codexServer: Player = {
  title: 'codex-app-server',
  kind: 'codex',
  like: 'claude',
  stage: async (_t, happens) => {
    const lines = [
      hears,
      says({ id: 'initialize', result: {} }),
      hears,
      hears,
      says({ id: 'thread', result: { thread: { id: 'a-thread' } } }),
      hears,
      says({ id: 'turn', result: { turn: { id: 'a-turn' } } }),
      ...happens.map(asServed),
      'cat > /dev/null',
    ]
    const argv = ['sh', '-c', lines.join('\n'), 'codex']
    return { verb: 'implement', prompt: 'Do it.', options: { argv, credentials: [], interface: 'app-server' } }
  },
  differs: {},
  cannot: { hang: hangs },
}

function asServed(happening: Happening): string {
  if ('does' in happening) {
    if (happening.does === 'say') return plays('codex-server-ok')
    if (happening.does === 'work on' && !happening.deaf)
      return `echo 'works on'\n${hears}\n${turnEnds('interrupted', null)}`
    return asShell(happening)
  }
  if (happening.provider === 'drops the stream')
    return turnEnds('failed', {
      message: 'stream disconnected before completion: closed',
      codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: null } },
    })
  return plays(`codex-server-${recorded[happening.provider]}`)
}

/** Every command line that is a kind of agent. */
export const recordedPlayers: readonly Player[] = [
  recordedPlayer(
    'codex',
    {
      '500 from the provider': {
        outcome: { how: 'failed', failure: { kind: 'quota', class: 'overloaded' } },
        because: 'it tells of each 500 as of high demand',
      },
    },
    {},
  ),
  codexServer,
  ...['claude', 'gemini', 'opencode'].map((name) =>
    recordedPlayer(name, {}, { 'dropped stream then success': 'what it tells then was not recorded' }),
  ),
]
