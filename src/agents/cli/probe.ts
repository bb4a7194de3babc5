import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { realpathSync, statSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import * as z from 'zod'
import { findProgram } from '../../processes/find-program.ts'
import { unattended } from '../../processes/unattended.ts'
import type { Fitness } from '../agent.ts'
import { inheritedFrom } from '../command/environment.ts'
import { stateFolder } from '../own-home.ts'
import type { CliOptions } from './options.ts'
import type { Preset } from './preset.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Some are slow to start when the machine is busy. */
const limitMs = 20_000
const versionLimit = 60

const fitSchema = z.object({ how: z.literal('fit'), version: z.string() })

/**
 * Asks a program for its version and its help, once for each build of it: what it said is remembered below XDG_STATE_HOME until one of
 * its files is another.
 */
export async function probe(
  preset: Preset,
  { argv = [preset.name], env, inheritEnv }: Pick<CliOptions, 'argv' | 'env' | 'inheritEnv'>,
  environment: Environment,
): Promise<Fitness> {
  const [name = ''] = argv
  // a path that begins in the workspace, which is not there yet
  if (/[/\\]/.test(name) && !isAbsolute(name)) return { how: 'fit', version: name }
  const program = findProgram(name, { ...environment, ...env })
  if (program === null) return { how: 'absent', program: name }
  const folder = join(stateFolder(environment), 'troupe', 'probes')
  const asked = [program, ...argv.slice(1)]
  const path = join(folder, `${keyOf(preset, asked)}.json`)
  const known = await readFile(path, 'utf8').then(fitnessIn, () => null)
  if (known !== null) return known
  const home = join(folder, 'home')
  await mkdir(home, { recursive: true, mode: 0o700 })
  const settings = { access: 'write', model: null, timeoutMs: null, secrets: {} } as const
  const fitness = await ask(preset, asked, {
    ...inheritedFrom(environment, inheritEnv),
    ...unattended,
    ...preset.env(settings, home),
    HOME: home,
    ...env,
  })
  // what is wrong may be put right without a change of these files
  if (fitness.how === 'fit') await keep(path, fitness)
  return fitness
}

async function ask(preset: Preset, argv: readonly string[], env: Record<string, string>): Promise<Fitness> {
  const [versionSaid, helpSaid] = await Promise.all([
    output([...argv, '--version'], env),
    output([...argv, ...preset.help.argv], env),
  ])
  const version = (versionSaid.text.trim().split('\n', 1)[0] ?? '').slice(0, versionLimit)
  const named = version === '' ? preset.name : version
  const missing = preset.help.flags.filter((flag) => !helpSaid.text.includes(flag))
  if (missing.length === 0) return { how: 'fit', version: named }
  const why = helpSaid.failed === null ? `lacks ${missing.join(', ')}` : `gives no help: ${helpSaid.failed}`
  return { how: 'unfit', version: named, why }
}

interface Said {
  readonly text: string
  /** Null where it went well. */
  readonly failed: string | null
}

function output([program = '', ...rest]: readonly string[], env: Record<string, string>): Promise<Said> {
  const { promise, resolve } = Promise.withResolvers<Said>()
  const settings = { timeout: limitMs, killSignal: 'SIGKILL', env, windowsHide: true } as const
  const child = execFile(program, rest, settings, (error, stdout, stderr) => {
    const text = stripVTControlCharacters(`${stdout}\n${stderr}`)
    const said = text.trim().split('\n', 1)[0] ?? ''
    const why = error?.killed === true ? `no answer in ${limitMs / 1_000} s` : said || `status ${error?.code}`
    resolve({ text, failed: error === null ? null : why.slice(0, 200) })
  })
  child.stdin?.end()
  return promise
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false })

/** Differs when a file of the program or what is looked for does. */
function keyOf({ name, help }: Preset, argv: readonly string[]): string {
  const files = argv.map((word) => {
    const stat = isAbsolute(word) ? statOf(word) : undefined
    return stat === undefined ? word : [realpathSync(word), stat.mtimeMs, stat.size, stat.ino]
  })
  return createHash('sha256')
    .update(JSON.stringify([name, help, files]))
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
