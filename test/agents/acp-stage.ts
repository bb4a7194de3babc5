import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { acpAgent } from '../../src/agents/acp/acp.ts'
import type { Assignment, Outcome } from '../../src/agents/agent.ts'
import type { Failure } from '../../src/agents/failure.ts'
import { systemClock } from '../../src/clock.ts'
import { directLauncher } from '../../src/processes/direct-launcher.ts'
import type { Launcher, ProgramExit } from '../../src/processes/launcher.ts'
import { FakeAgent, type Step } from '../fixtures/acp/fake-agent.ts'
import { assignment, type Direction, perform, type Performance } from './perform.ts'

/** Starts a fake agent within this process where `fake` is ordered, and real programs otherwise. */
export function fakeLauncher(): Launcher {
  const real = directLauncher(systemClock)
  return {
    start(order, listener) {
      if (order.argv[0] !== 'fake') return real.start(order, listener)
      let hasEnded = false
      const end = (exit: ProgramExit): void => {
        if (!hasEnded) queueMicrotask(() => listener.ended(exit))
        hasEnded = true
      }
      const tell = (source: 'stdout' | 'stderr') => (text: string) => {
        if (!hasEnded) listener.output(Buffer.from(text), source)
      }
      const agent = new FakeAgent({
        directory: order.directory,
        start: order.argv[1] ?? '',
        write: tell('stdout'),
        complain: tell('stderr'),
        exit: (code) => end({ how: 'exited', code }),
        kill: (signal) => end({ how: 'signalled', signal }),
      })
      return {
        signal: (name) => end({ how: 'signalled', signal: name }),
        input: {
          write: (bytes) => queueMicrotask(() => agent.receive(Buffer.from(bytes).toString())),
          end: () => end({ how: 'exited', code: 0 }),
        },
      }
    },
  }
}

/** How a fake agent is run. */
export interface Staging extends Direction {
  readonly options?: Readonly<Record<string, unknown>>
  readonly argv?: readonly string[]
  readonly given?: Partial<Assignment>
  /** Puts more into the workspace before the agent starts. */
  readonly prepare?: (directory: string) => void
}

/** What a fake agent did, and where. */
export interface Played extends Performance {
  readonly directory: string
}

/** The prompt that makes the fake agent do these turns. */
export const script = (...turns: readonly (readonly Step[])[]): string => `SCRIPT: ${JSON.stringify(turns)}`

const agent = acpAgent(systemClock, fakeLauncher())

/** A folder that is not below another test's, since agents may write beside it; gone after the test. */
export function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-acp-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Lets the fake agent do some turns in a workspace of its own. */
export async function play(t: Test, turns: readonly (readonly Step[])[], staging: Staging = {}): Promise<Played> {
  const { options = {}, argv = ['fake'], given = {}, prepare, ...direction } = staging
  const directory = join(newFolder(t), 'workspace')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.txt'), 'one\ntwo\nthree\n')
  prepare?.(directory)
  const what = assignment('acp', {
    directory,
    verb: 'implement',
    prompt: script(...turns),
    options: { argv, ...options },
    ...given,
  })
  return { ...(await perform(agent, what, direction)), directory }
}

/** The failure of an outcome that is one. */
export function failureIn(outcome: Outcome): Failure {
  if (outcome.how !== 'failed') throw new TypeError(`it ${outcome.how}: ${JSON.stringify(outcome)}`)
  return outcome.failure
}

/** Homes of attempts that lie in a state folder. */
export const homesIn = (state: string): readonly string[] => readdirSync(join(state, 'troupe', 'homes'))
