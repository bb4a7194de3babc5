import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { configurationTexts } from '../changes/configuration-files.ts'
import type { Git } from '../changes/git.ts'
import { gitFolder } from '../changes/git-folder.ts'
import { bytesOfPath } from '../changes/path-bytes.ts'
import { gitSettingsFolder } from '../home-folder.ts'

/** Tells which paths have attributes of their own for merging. */
export interface SpecialPaths {
  /**
   * Those of these paths that are not merged as plain texts: with a driver, `binary` or `-merge` by the user's attributes
   * (gitattributes(5)); all of them where a driver is configured for everything.
   */
  among(paths: readonly string[]): Promise<ReadonlySet<string>>
}

/** Asks git, but only where there can be attributes at all: a bare repository has them outside its trees, if anywhere. */
export function openSpecialPaths(git: Git): SpecialPaths {
  let sources: Promise<Sources> | null = null
  return {
    async among(paths) {
      if (paths.length === 0) return new Set()
      sources ??= sourcesOf(git)
      const { forEverything, mayBe } = await sources
      if (forEverything) return new Set(paths)
      return mayBe ? await asked(git, paths) : new Set()
    },
  }
}

interface Sources {
  /** Whether a merge driver is configured for every path. */
  readonly forEverything: boolean
  /** Whether some path may have attributes. */
  readonly mayBe: boolean
}

async function sourcesOf(git: Git): Promise<Sources> {
  const [info, { hasDefault, hasFile, isBare }] = await Promise.all([ownAttributes(git), configured(git)])
  const files = [info, join(gitSettingsFolder(process.env), 'attributes'), '/etc/gitattributes']
  const hasCheckout = !isBare || gitFolder(git.directory) !== git.directory
  return { forEverything: hasDefault, mayBe: hasCheckout || hasFile || files.some((file) => existsSync(file)) }
}

/** What git's configuration says about attributes. */
interface Configured {
  /** A driver for every path. */
  readonly hasDefault: boolean
  /** A file of attributes at a place of its own. */
  readonly hasFile: boolean
  readonly isBare: boolean
}

/** Most configurations do not speak of it at all, which their texts tell for less than git. */
async function configured(git: Git): Promise<Configured> {
  const texts = configurationTexts(git.directory)
  const bare = texts?.at(-1)?.match(/^\s*bare\b.*$/gim) ?? []
  const isPlain = texts?.every((text) => !/\[\s*(?:merge|include)|attributesfile/i.test(text)) ?? false
  if (!isPlain || bare.length > 1) return await asGitSays(git)
  return { hasDefault: false, hasFile: false, isBare: /=\s*true\s*$/i.test(bare[0] ?? '') }
}

async function asGitSays(git: Git): Promise<Configured> {
  const args = ['config', '--null', '--get-regexp', String.raw`^(merge\.default|core\.(attributesfile|bare))$`]
  const { stdout } = await git.run(args, { accept: [0, 1] })
  const settings = stdout.split('\0').map((one) => one.split('\n'))
  const valuesOf = (wanted: string): readonly string[] =>
    settings.flatMap(([name, value = 'true']) => (name === wanted ? [value] : []))
  return {
    hasDefault: valuesOf('merge.default').length > 0,
    hasFile: valuesOf('core.attributesfile').length > 0,
    isBare: /^(?:true|yes|on|1)$/i.test(valuesOf('core.bare').at(-1) ?? 'false'),
  }
}

/** The file of attributes that is the repository's own; git is asked only where its files do not tell. */
async function ownAttributes(git: Git): Promise<string> {
  const folder = gitFolder(git.directory)
  if (folder !== null) return join(folder, 'info/attributes')
  return await git.text(['rev-parse', '--path-format=absolute', '--git-path', 'info/attributes'])
}

async function asked(git: Git, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const input = Buffer.concat(paths.flatMap((path) => [bytesOfPath(path), Buffer.alloc(1)]))
  const fields = (await git.text(['check-attr', '-z', '--stdin', 'merge'], { input })).split('\0')
  return new Set(paths.filter((_, at) => !plain.has(fields[at * 3 + 2] ?? '')))
}

/** Git merges these as text. */
const plain = new Set(['unspecified', 'set', 'text'])
