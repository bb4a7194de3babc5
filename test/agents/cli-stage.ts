import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Assignment } from '../../src/agents/agent.ts'
import { claude } from '../../src/agents/cli/claude.ts'
import { cliAgent } from '../../src/agents/cli/cli.ts'
import { codex } from '../../src/agents/cli/codex.ts'
import { gemini } from '../../src/agents/cli/gemini.ts'
import { opencode } from '../../src/agents/cli/opencode.ts'
import { systemClock } from '../../src/clock.ts'
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
  /** Files that it leaves in the workspace. */
  readonly leaves?: Readonly<Record<string, string>>
  /** Goes on without an end until it is signalled. */
  readonly hangs?: boolean
  readonly chunkBytes?: number
}

/** What a replayed program was started with. */
export interface Started {
  readonly order: ProgramOrder
  prompt: string
  hadItsInputClosed: boolean
}

const streams = join(import.meta.dirname, '../fixtures/streams')
const presets = { codex, claude, gemini, opencode }

/** The text of a recorded stream. */
export const streamOf = (name: string): string => readFileSync(join(streams, name), 'utf8')

/** A launcher whose programs do what was recorded, within this process. */
function replaying(recording: Recording, started: Started[]): Launcher {
  return {
    start(order, listener) {
      const seen: Started = { order, prompt: '', hadItsInputClosed: false }
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
      const play = (): void => {
        for (const [name, text] of Object.entries(recording.leaves ?? {}))
          writeFileSync(join(order.directory, name), text)
        tell(recording.stream.includes('\n') ? recording.stream : streamOf(recording.stream))
        if (recording.hangs !== true) end(recording.end ?? { how: 'exited', code: 0 })
      }
      return {
        signal: (signal) => end({ how: 'signalled', signal }),
        input: {
          write(bytes) {
            const text = Buffer.from(bytes).toString()
            seen.prompt += text
            // one that is spoken to begins at its first message, others when their input has ended
            if (text.startsWith('{"type":"user"')) queueMicrotask(begin)
            if (text.startsWith('{"type":"control_response"')) queueMicrotask(play)
          },
          end() {
            seen.hadItsInputClosed = true
            if (!seen.prompt.startsWith('{"type":"user"')) queueMicrotask(begin)
          },
        },
      }
    },
  }
}

/** What a replayed agent did, with what, and where. */
export interface Replayed extends Performance {
  readonly started: readonly Started[]
  readonly directory: string
}

/** How an agent is replayed. */
export interface Staging extends Direction {
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
  const { options = {}, given = {}, ...direction } = staging
  const directory = join(newFolder(t), 'workspace')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.txt'), 'one\n')
  const started: Started[] = []
  const agent = cliAgent(presets[preset], systemClock, replaying(recording, started))
  const what = assignment({
    directory,
    verb: 'implement',
    prompt: 'Please write new.txt.',
    options: { credentials: [], ...options },
    ...given,
  })
  return { ...(await perform(agent, what, direction)), started, directory }
}
