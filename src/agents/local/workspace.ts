import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path'
import { grammarOf } from './grammar.ts'

/** Larger files are bundles or data. */
const maximumBytes = 1024 * 1024
/** Folders of what others wrote or what a build made. */
const foreign =
  /^(?:node_modules|bower_components|vendor|third_party|dist|build|out|target|coverage|__pycache__|venv|\..*)$/

/** A file that was left out, and why. */
export interface Skipped {
  readonly file: string
  readonly reason: string
}

/** Source files found; paths relative to the directory with forward slashes, sorted. */
export interface Selection {
  readonly files: readonly string[]
  readonly skipped: readonly Skipped[]
  /** Whether there were more files than the limit. */
  readonly isCut: boolean
  /** Names that are not there or lie outside the directory. */
  readonly missing: readonly string[]
}

/**
 * The source files among `names`; a folder stands for the source files in it, no names for all of the directory.
 * Symbolic links are not followed out of the directory.
 */
export async function selectSources(directory: string, names: readonly string[], limit: number): Promise<Selection> {
  const files = new Set<string>()
  const skipped: Skipped[] = []
  const missing: string[] = []
  for (const name of names.length > 0 ? names : ['.']) {
    const path = await insidePath(directory, name)
    const found = path === null ? null : await stat(path).catch(() => null)
    const file = posix.normalize(name.replaceAll(sep, '/')).replace(/\/$/, '')
    if (found === null) missing.push(name)
    else if (found.isDirectory()) for await (const source of sourcesIn(directory, file, limit + 1)) files.add(source)
    else if (grammarOf(file) === null) skipped.push({ file, reason: 'not a language the local agent knows' })
    else if (found.size > maximumBytes) skipped.push({ file, reason: 'larger than 1 MB' })
    else files.add(file)
  }
  const sorted = [...files].toSorted(byCodeUnit)
  return { files: sorted.slice(0, limit), skipped, isCut: sorted.length > limit, missing }
}

/** The order in which files are named everywhere: the same on every machine. */
export const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** The text of a file that `selectSources` found. */
export const readSource = (directory: string, file: string): Promise<string> => readFile(join(directory, file), 'utf8')

/** The text of a file of the project, null when it is not there or lies outside. */
export async function readOptional(directory: string, file: string): Promise<string | null> {
  const path = await insidePath(directory, file)
  return path === null ? null : readFile(path, 'utf8').catch(() => null)
}

/** Whether a folder of the project is there. */
export async function hasFolder(directory: string, folder: string): Promise<boolean> {
  const path = await insidePath(directory, folder)
  return path !== null && (await stat(path).then((found) => found.isDirectory()))
}

/** Writes a file of the project whole or not at all; null when done, else why it was refused. */
export async function writeInside(directory: string, file: string, text: string): Promise<string | null> {
  const target = join(directory, file)
  if ((await insidePath(directory, await deepestExisting(directory, file))) === null)
    return `${file} would be written outside the workspace`
  if ((await lstat(target).catch(() => null))?.isSymbolicLink()) return `${file} is a symbolic link`
  await mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
  }
  return null
}

/** The real path of a file, null when it is not there or not inside the real directory. */
async function insidePath(directory: string, file: string): Promise<string | null> {
  if (isAbsolute(file)) return null
  const [root, path] = await Promise.all([realpath(directory), realpath(join(directory, file)).catch(() => null)])
  if (path === null) return null
  const within = relative(root, path)
  return within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within) ? null : path
}

async function deepestExisting(directory: string, file: string): Promise<string> {
  let folder = posix.dirname(file)
  while (folder !== '.' && (await lstat(join(directory, folder)).catch(() => null)) === null)
    folder = posix.dirname(folder)
  return folder
}

async function* sourcesIn(directory: string, folder: string, limit: number): AsyncGenerator<string> {
  let found = 0
  const waiting = [folder]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const entries = await readdir(join(directory, next), { withFileTypes: true })
    for (const entry of entries.toSorted((left, right) => byCodeUnit(left.name, right.name))) {
      const file = next === '.' ? entry.name : `${next}/${entry.name}`
      if (entry.isDirectory() && !foreign.test(entry.name)) waiting.push(file)
      if (!entry.isFile() || entry.name.startsWith('.') || grammarOf(file) === null) continue
      if ((await stat(join(directory, file))).size > maximumBytes) continue
      yield file
      if (++found >= limit) return
    }
  }
}
