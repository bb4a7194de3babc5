import { crossChecks } from './cross-checks.ts'
import { type RepeatedKey, readYaml } from './document.ts'
import { jsonDocument } from './json-document.ts'
import type { PlanKinds } from './kinds.ts'
import { knownKeys } from './known-keys.ts'
import { longYaml } from './long-yaml.ts'
import type { Path } from './places.ts'
import { resolveManifest } from './resolve-manifest.ts'
import { manifestSchema, type WrittenManifest } from './schema.ts'
import { shapeMistakes, wording } from './shape-mistakes.ts'
import type { Manifest, Mistake, Reading } from './task.ts'

/**
 * Reads a manifest (YAML, and so JSON) and answers with it or with every mistake it holds, sorted by place.
 * Where the text is no YAML, what stands before that place is still judged by itself. Never throws for what the text holds.
 */
export function readManifest(text: string, { kinds }: { readonly kinds: PlanKinds }): Reading<Manifest> {
  return readSound(text, kinds) ?? readAsYaml(text, kinds)
}

/** What is sound needs no places, and so none of the memory that YAML takes for them; null sends everything else to YAML. */
function readSound(text: string, kinds: PlanKinds): Reading<Manifest> | null {
  const document = jsonDocument(text) ?? longYaml(text)
  if (document === null) return null
  const isSound = manifestSchema(kinds).safeParse(document).success // without the copy that comes with it
  if (!isSound || crossChecks({ document, places: nowhere, kinds, complete: true }).length > 0) return null
  return { ok: true, value: resolveManifest(document as WrittenManifest, kinds), warnings: [] }
}

const placeless = (path: Path, message: string): Mistake => ({ line: 1, column: 1, path: path.join('.'), message })
const nowhere = { atValue: placeless, atKey: placeless }

function readAsYaml(text: string, kinds: PlanKinds): Reading<Manifest> {
  const { value: document, places, brokenFrom, warnings, ...told } = readYaml(text)
  const checked = { document, places, kinds, complete: brokenFrom === null }
  const schema = manifestSchema(kinds)
  const result = schema.safeParse(document, { error: wording })
  const shape = result.success ? [] : shapeMistakes(result.error.issues, { ...checked, schema })
  const repeated = told.repeated.flatMap((key) =>
    isKnown(key.path, schema, document) ? [key.mistake] : unknownBefore(key, shape),
  )
  const mistakes = [...told.mistakes, ...repeated]
  const all =
    brokenFrom === null
      ? [...mistakes, ...shape, ...crossChecks(checked)]
      : [...mistakes, ...shape.filter((mistake) => byPlace(mistake, brokenFrom) < 0)]
  if (!result.success || all.length > 0) return { ok: false, mistakes: inOrder(all) }
  return { ok: true, value: resolveManifest(document as WrittenManifest, kinds), warnings }
}

/** Whether a mapping may have the key: where names are free, it may have any. */
function isKnown(path: Path, schema: unknown, document: unknown): boolean {
  const known = knownKeys(schema, document, path.slice(0, -1))
  return known.length === 0 || known.includes(String(path.at(-1)))
}

/** An unknown key is told as that wherever it stands; the schema has seen it only where it stands last. */
function unknownBefore({ before }: RepeatedKey, shape: readonly Mistake[]): readonly Mistake[] {
  return shape.filter(({ path }) => path === before.path).map(({ message }) => ({ ...before, message }))
}

/** Which of two mistakes stands first in the text. */
export const byPlace = (a: Mistake, b: Mistake): number => a.line - b.line || a.column - b.column

/** Mistakes as they stand in the text, each once. */
export function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const unique = new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake]))
  return [...unique.values()].toSorted(byPlace)
}
