import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { unattended } from '../../processes/unattended.ts'
import type { Fitness } from '../agent.ts'
import { inheritedFrom } from '../command/environment.ts'
import { fitnessOf, probesFolder } from '../fitness.ts'
import type { CliOptions } from './options.ts'
import type { Preset } from './preset.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Some are slow to start when the machine is busy. */
const limitMs = 20_000
const versionLimit = 60

/** Asks a program for its version and its help, once for each build of it. */
export function probe(
  preset: Preset,
  { argv = [preset.name], env, inheritEnv }: Pick<CliOptions, 'argv' | 'env' | 'inheritEnv'>,
  environment: Environment,
): Promise<Fitness> {
  const { name, help } = preset
  return fitnessOf({ argv, env, about: [name, help] }, environment, async (asked) => {
    const home = join(probesFolder(environment), 'home')
    await mkdir(home, { recursive: true, mode: 0o700 })
    const settings = { access: 'write', model: null, timeoutMs: null, secrets: {}, confined: false } as const
    return await ask(preset, asked, {
      ...inheritedFrom(environment, inheritEnv),
      ...unattended,
      ...preset.env(settings, home),
      HOME: home,
      ...env,
    })
  })
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
