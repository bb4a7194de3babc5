import { execFile } from 'node:child_process'
import { plainText } from '../../monitor/plain-text.ts'
import type { Check } from './check.ts'

/** Programs that a command agent can run. */
const programs = ['codex', 'claude', 'gemini', 'opencode', 'qwen']
const limitMs = 2_000

/** Which coding agents are on the PATH, with their versions. None is needed. */
export function checkAgents(environment: Readonly<Record<string, string | undefined>>): Promise<readonly Check[]> {
  return Promise.all(programs.map(async (name) => ({ name, todo: null, ...(await versionOf(name, environment)) })))
}

type Found = Pick<Check, 'state' | 'found'>

function versionOf(program: string, environment: Readonly<Record<string, string | undefined>>): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>()
  const settings = { timeout: limitMs, killSignal: 'SIGKILL', env: environment, windowsHide: true } as const
  const child = execFile(program, ['--version'], settings, (error, stdout) => {
    const line = plainText(stdout.trim().split('\n', 1)[0] ?? '')
    if (error === null) resolve({ state: 'ok', found: line === '' ? 'on the PATH' : line.slice(0, 60) })
    else if (error.code === 'ENOENT') resolve({ state: 'optional', found: 'not on the PATH' })
    else resolve({ state: 'warning', found: error.killed === true ? 'gave no version in 2 s' : 'gave no version' })
  })
  child.stdin?.end()
  return promise
}
