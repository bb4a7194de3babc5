import { execFile } from 'node:child_process'
import type { Fitness } from '../../agents/agent.ts'
import { kinds } from '../../agents/registry.ts'
import { plainText } from '../../plain-text.ts'
import { type Check, fine, warning } from './check.ts'

/** Programs of agents that no kind knows. */
const others = ['qwen']
const limitMs = 2_000

type Environment = Readonly<Record<string, string | undefined>>

/** Which coding agents are on the PATH, with their versions, and whether they can do what a run would ask for. None is needed. */
export function checkAgents(environment: Environment): Promise<readonly Check[]> {
  const known = [...kinds.values()].flatMap(({ programs: all = [], fitness }) =>
    fitness === undefined ? [] : all.map((one) => ({ ...one, fitness })),
  )
  return Promise.all([
    ...known.map(async ({ title, options, fitness }) => checkOf(title, await fitness(options, environment))),
    ...others.map(async (name) => ({ name, todo: null, ...(await versionOf(name, environment)) })),
  ])
}

function checkOf(name: string, fitness: Fitness): Check {
  switch (fitness.how) {
    case 'fit':
      return fine(name, plainText(fitness.version))
    case 'absent':
      return { name, state: 'optional', found: notThere, todo: null }
    case 'unfit':
      return warning(name, plainText(`${fitness.version} ${fitness.why}`), `install a newer ${name}`)
  }
}

const notThere = 'not on the PATH'

type Found = Pick<Check, 'state' | 'found'>

function versionOf(program: string, environment: Environment): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>()
  const settings = { timeout: limitMs, killSignal: 'SIGKILL', env: environment, windowsHide: true } as const
  const child = execFile(program, ['--version'], settings, (error, stdout) => {
    const line = plainText(stdout.trim().split('\n', 1)[0] ?? '')
    if (error === null) resolve({ state: 'ok', found: line === '' ? 'on the PATH' : line.slice(0, 60) })
    else if (error.code === 'ENOENT') resolve({ state: 'optional', found: notThere })
    else resolve({ state: 'warning', found: error.killed === true ? 'gave no version in 2 s' : 'gave no version' })
  })
  child.stdin?.end()
  return promise
}
