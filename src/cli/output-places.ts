import { realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { nulSeparated, openRepository, type Repository } from '../changes/repository.ts'
import { readYaml } from '../plan/document.ts'
import { isRecord, isText } from '../plan/loose.ts'
import { byPlace, inOrder } from '../plan/manifest.ts'
import { pathMistake } from '../plan/repository-path.ts'
import type { Manifest, Mistake } from '../plan/task.ts'
import { type GivenManifest, invalidManifest, type WrongManifest } from './read-manifest-argument.ts'

/** A copy of the proposal replaces what stands in its place. Throws MANIFEST_INVALID where that is the manifest or a file that git tracks. */
export async function mustReplaceNothing(given: GivenManifest, shown: string, repository: Repository): Promise<void> {
  const wrong = await replacing({ ...given, output: given.manifest.output }, repository)
  if (wrong.length > 0) throw invalidManifest(shown, { text: given.text, mistakes: placed(wrong, given.text) })
}

/** All that is wrong with a manifest: where its outputs would go amiss in the repository around a folder as well. */
export async function allMistakes(
  { file, text, mistakes }: WrongManifest,
  directory: string,
): Promise<readonly Mistake[]> {
  const { value, brokenFrom } = readYaml(text)
  const repository = await openRepository(directory).catch(() => null) // told once the manifest can be read
  if (repository === null) return mistakes
  const wrong = placed(await replacing({ file, output: writtenOutput(value) }, repository), text)
  return inOrder([...mistakes, ...wrong.filter((one) => brokenFrom === null || byPlace(one, brokenFrom) < 0)])
}

/** As far as it is one. */
function writtenOutput(document: unknown): Manifest['output'] {
  const written = isRecord(document) && isRecord(document['output']) ? document['output'] : {}
  const place = (key: string): string | null => {
    const path = written[key]
    return isText(path) && pathMistake(path) === null ? path : null
  }
  return { json: place('json'), markdown: place('markdown'), sarif: place('sarif') }
}

interface Outputs extends Pick<GivenManifest, 'file'>, Pick<Manifest, 'output'> {}

interface WrongOutput {
  readonly key: string
  readonly message: string
}

/** Outputs in whose place something stands that is not theirs. */
async function replacing({ file, output }: Outputs, repository: Repository): Promise<readonly WrongOutput[]> {
  const outputs = placesOf(output, repository.root)
  if (outputs.length === 0) return []
  const tracked = await trackedAmong(outputs, repository)
  const own = file === null ? [] : [inRealFolder(file), realpathSync(file)]
  return outputs.flatMap(({ key, place, path }) => {
    if (own.includes(place)) return [{ key, message: 'this is the manifest itself, which it would overwrite' }]
    return tracked.has(path) ? [{ key, message: 'git tracks this file, and it would be overwritten' }] : []
  })
}

function placed(wrong: readonly WrongOutput[], text: string): readonly Mistake[] {
  const { places } = readYaml(text)
  return wrong.map(({ key, message }) => places.atValue(['output', key], message))
}

interface OutputPlace {
  readonly key: string
  /** Absolute, and where it lies in truth. */
  readonly place: string
  /** The same as git has it, from the root. */
  readonly path: string
}

const placesOf = (output: Manifest['output'], root: string): readonly OutputPlace[] =>
  Object.entries(output).flatMap(([key, written]) => {
    if (written === null) return []
    const place = inRealFolder(resolve(root, written))
    return [{ key, place, path: relative(root, place).replaceAll(sep, '/') }]
  })

/** What is written there takes the place of a link, but is written below what the folders above are links to. */
function inRealFolder(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path))
  } catch {
    return path // the folder is not there yet
  }
}

async function trackedAmong(outputs: readonly OutputPlace[], { root, git }: Repository): Promise<ReadonlySet<string>> {
  const inside = outputs.filter(({ place }) => place.startsWith(root + sep))
  if (inside.length === 0) return new Set()
  const where = inside.map(({ path }) => `:(top,literal)${path}`)
  return new Set(nulSeparated(await git.text(['ls-files', '-z', '--', ...where])))
}
