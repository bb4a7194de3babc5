import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Assignment } from '../../src/agents/agent.ts'
import { claude } from '../../src/agents/cli/claude.ts'
import { cliAgent } from '../../src/agents/cli/cli.ts'
import { codex } from '../../src/agents/cli/codex.ts'
import { gemini } from '../../src/agents/cli/gemini.ts'
import { opencode } from '../../src/agents/cli/opencode.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { Launcher, ProgramExit, ProgramOrder } from '../../src/processes/launcher.ts'
import { newFolder } from './acp-stage.ts'
import { assignment, perform, type Direction, type Performance } from './perform.ts'

/** What a program that was recorded does when it is started again. */
export interface Recording {
  /** Name of a file in test/fixtures/streams, or the text itself; `$W` stands for the workspace. */
  readonly stream: string
  readonly errors?: string
  readonly end?: ProgramExit
  /** What it tells before it waits for the answer to what it asks in it. */
  readonly first?: string
  /** What `codex app-server` answers to a request, by its method, in place of the usual. */
  readonly answers?: Readonly<Record<string, object>>
  /** Files that it leaves in the workspace. */
  readonly leaves?: Readonly<Record<string, string>>
  /** Goes on without an end until it is signalled. */
  readonly hangs?: boolean
  /** Does not do what it is asked for to end. */
  readonly isDeaf?: boolean
  readonly chunkBytes?: number
}

/** What a replayed program was started with. */
export interface Started {
  readonly order: ProgramOrder
  prompt: string
  hadItsInputClosed: boolean
  readonly signals: string[]
}

const streams = join(import.meta.dirname, '../fixtures/streams')
const presets = { codex, 'codex-server': codex, claude, gemini, opencode }

/** The text of a recorded stream. */
export const streamOf = (name: string): string => readFileSync(join(streams, name), 'utf8')

/** A launcher whose programs do what was recorded, within this process. */
function replaying(recording: Recording, started: Started[]): Launcher {
  return {
    start(order, listener) {
      const seen: Started = { order, prompt: '', hadItsInputClosed: false, signals: [] }
      started.push(seen)
      let hasEnded = false
      const end = (exit: ProgramExit): void => {
        if (!hasEnded) queueMicrotask(() => listener.ended(exit))
        hasEnded = true
      }
      const tell = (text: string): void => {
        const bytes = Buffer.from(text.replaceAll('$W', order.directory))
        const size = recording.chunkBytes ?? bytes.length
        for (let at = 0; at < bytes.length; at += size) listener.output(bytes.subarray(at, at + size), 'stdout')
      }
      const begin = (): void => {
        listener.started(process.pid, null)
        listener.output(Buffer.from(recording.errors ?? ''), 'stderr')
        if (recording.first === undefined) play()
        else tell(recording.first)
      }
      const served = newServing(tell, () => end(recording.end ?? { how: 'exited', code: 0 }), recording)
      const play = (): void => {
        for (const [name, text] of Object.entries(recording.leaves ?? {}))
          writeFileSync(join(order.directory, name), text)
        const stream = recording.stream.includes('\n') ? recording.stream : streamOf(recording.stream)
        if (order.argv[1] === 'app-server') return served.play(stream)
        tell(stream)
        if (recording.hangs !== true) end(recording.end ?? { how: 'exited', code: 0 })
      }
      return {
        signal(signal) {
          seen.signals.push(signal)
          end({ how: 'signalled', signal })
        },
        input: {
          write(bytes) {
            const text = Buffer.from(bytes).toString()
            seen.prompt += text
            // one that is spoken to begins at its first message, others when their input has ended
            if (text.startsWith('{"type":"user"')) queueMicrotask(begin)
            if (text.startsWith('{"type":"control_response"')) queueMicrotask(play)
            if (order.argv[1] === 'app-server') for (const line of text.trim().split('\n')) served.hear(line, begin)
          },
          end() {
            seen.hadItsInputClosed = true
            if (order.argv[1] === 'app-server') served.leave()
            else if (!seen.prompt.startsWith('{"type":"user"')) queueMicrotask(begin)
          },
        },
      }
    },
  }
}

/** The side of the `codex app-server`: answers what it is asked, and waits for the answers to what it asks itself. */
function newServing(
  tell: (text: string) => void,
  end: () => void,
  { hangs = false, isDeaf = false, answers = {} }: Recording,
) {
  let rest: string[] = []
  let waitsFor: unknown = null
  const say = (message: object): void => tell(`${JSON.stringify(message)}\n`)
  const goOn = (): void => {
    while (rest.length > 0 && waitsFor === null) {
      const line = rest.shift() ?? ''
      const { id = null, method } = messageIn(line)
      if (method !== undefined) waitsFor = id
      tell(`${line}\n`)
    }
    if (waitsFor === null && !hangs) end()
  }
  const results: Readonly<Record<string, object>> = {
    initialize: {},
    'account/login/start': {},
    'thread/start': { thread: { id: 'a-thread' } },
    'turn/start': { turn: { id: 'a-turn' } },
    'turn/steer': { turnId: 'a-turn' },
    'turn/interrupt': {},
  }
  return {
    play(stream: string): void {
      rest = stream.trimEnd().split('\n')
      goOn()
    },
    hear(line: string, begin: () => void): void {
      const { id, method } = messageIn(line)
      queueMicrotask(() => {
        if (method === undefined && id === waitsFor) {
          waitsFor = null
          goOn()
        } else if (method !== undefined && id !== undefined) {
          say({ id, result: results[method], ...answers[method] })
          if (method === 'turn/start') begin()
          if (method === 'turn/interrupt' && !isDeaf) {
            rest = []
            say({
              method: 'turn/completed',
              params: { threadId: 'a-thread', turn: { id: 'a-turn', status: 'interrupted' } },
            })
          }
        }
      })
    },
    leave(): void {
      rest = []
      if (!isDeaf) end()
    },
  }
}

function messageIn(line: string): { readonly id?: unknown; readonly method?: string } {
  try {
    return Object(JSON.parse(line)) as object
  } catch {
    return {}
  }
}

/** What a replayed agent did, with what, and where. */
export interface Replayed extends Performance {
  readonly started: readonly Started[]
  readonly directory: string
}

/** How an agent is replayed. */
export interface Staging extends Direction {
  readonly clock?: Clock
  readonly options?: Readonly<Record<string, unknown>>
  readonly given?: Partial<Assignment>
}

/** Lets an agent do an assignment with a program that does what was recorded. */
export async function replay(
  t: Test,
  preset: keyof typeof presets,
  recording: Recording,
  staging: Staging = {},
): Promise<Replayed> {
  const { options = {}, given = {}, clock = systemClock, ...direction } = staging
  const directory = join(newFolder(t), 'workspace')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.txt'), 'one\n')
  const started: Started[] = []
  const agent = cliAgent(presets[preset], clock, replaying(recording, started))
  const what = assignment(preset === 'codex-server' ? 'codex' : preset, {
    directory,
    verb: 'implement',
    prompt: 'Please write new.txt.',
    options: { credentials: [], ...(preset === 'codex-server' && { interface: 'app-server' }), ...options },
    ...given,
  })
  return { ...(await perform(agent, what, direction)), started, directory }
}
