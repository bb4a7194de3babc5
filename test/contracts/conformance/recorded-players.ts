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
    hang: 'it has no limit of its own: the stall of the task ends it, as hanging-agents.test.ts shows',
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
  ...['claude', 'gemini', 'opencode'].map((name) =>
    recordedPlayer(name, {}, { 'dropped stream then success': 'what it tells then was not recorded' }),
  ),
]
