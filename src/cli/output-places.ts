import { realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { nulSeparated, type Repository } from '../changes/repository.ts'
import { readYaml } from '../plan/document.ts'
import type { Manifest, Mistake } from '../plan/task.ts'
import { type GivenManifest, invalidManifest } from './read-manifest-argument.ts'

/** A copy of the proposal replaces what stands in its place. Throws MANIFEST_INVALID where that is the manifest or a file that git tracks. */
export async function mustReplaceNothing(given: GivenManifest, shown: string, repository: Repository): Promise<void> {
  const outputs = placesOf(given.manifest.output, repository.root)
  if (outputs.length === 0) return
  const tracked = await trackedAmong(outputs, repository)
  const own = given.file === null ? [] : [inRealFolder(given.file), realpathSync(given.file)]
  const wrong = outputs.flatMap(({ key, place, path }) => {
    if (own.includes(place)) return [{ key, message: 'this is the manifest itself, which it would overwrite' }]
    return tracked.has(path) ? [{ key, message: 'git tracks this file, and it would be overwritten' }] : []
  })
  if (wrong.length === 0) return
  const { places } = readYaml(given.text)
  const mistakes: readonly Mistake[] = wrong.map(({ key, message }) => places.atValue(['output', key], message))
  throw invalidManifest(shown, { text: given.text, mistakes })
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
