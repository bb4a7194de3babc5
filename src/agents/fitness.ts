import { createHash, randomUUID } from 'node:crypto'
import { realpathSync, statSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import * as z from 'zod'
import { findProgram } from '../processes/find-program.ts'
import type { Fitness } from './agent.ts'
import { stateFolder } from '../home-folder.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A program that is asked whether it has what an agent needs. */
export interface Asked {
  /** Program and arguments that go first. */
  readonly argv: readonly string[]
  /** What goes before the environment. */
  readonly env: Environment
  /** Differs where something else is asked for. */
  readonly about: unknown
}

const fitSchema = z.object({ how: z.literal('fit'), version: z.string() })

/** Where what programs have said of themselves is kept. */
export const probesFolder = (environment: Environment): string => join(stateFolder(environment), 'troupe', 'probes')

/**
 * Whether a program is there and has what is asked for. It is asked once for each build of it: what it said is remembered below
 * XDG_STATE_HOME until one of its files is another.
 */
export async function fitnessOf(
  { argv, env, about }: Asked,
  environment: Environment,
  ask: (argv: readonly string[]) => Promise<Fitness>,
): Promise<Fitness> {
  const [name = ''] = argv
  // a path that begins in the workspace, which is not there yet
  if (/[/\\]/.test(name) && !isAbsolute(name)) return { how: 'fit', version: name }
  const program = findProgram(name, { ...environment, ...env })
  if (program === null) return { how: 'absent', program: name }
  const asked = [program, ...argv.slice(1)]
  const folder = probesFolder(environment)
  const path = join(folder, `${keyOf(about, asked)}.json`)
  const known = await readFile(path, 'utf8').then(fitnessIn, () => null)
  if (known !== null) return known
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fitness = await ask(asked)
  // what is wrong may be put right without a change of these files
  if (fitness.how === 'fit') await keep(path, fitness)
  return fitness
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false })

/** Differs when a file of the program or what is looked for does. */
function keyOf(about: unknown, argv: readonly string[]): string {
  const files = argv.map((word) => {
    const stat = isAbsolute(word) ? statOf(word) : undefined
    return stat === undefined ? word : [realpathSync(word), stat.mtimeMs, stat.size, stat.ino]
  })
  return createHash('sha256')
    .update(JSON.stringify([about, files]))
    .digest('hex')
    .slice(0, 32)
}

function fitnessIn(text: string): Fitness | null {
  try {
    return fitSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** What cannot be kept is asked again. */
async function keep(path: string, fitness: Fitness): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, JSON.stringify(fitness)).then(
    () => rename(draft, path),
    () => {},
  )
}
