import { LineCounter, parseDocument } from 'yaml'
import type * as z from 'zod'
import { messageOf } from '../errors.ts'
import { didYouMean } from './closest.ts'
import { crossChecks } from './cross-checks.ts'
import type { PlanKinds } from './kinds.ts'
import { isRecord, looseAgents } from './loose.ts'
import { type Path, Places } from './places.ts'
import { resolveManifest } from './resolve-manifest.ts'
import { checkSchema, keysOfAgent, manifestSchema, outputSchema, taskSchema } from './schema.ts'
import type { Manifest, Mistake, Reading } from './task.ts'

/** Reads a manifest (YAML, and so JSON) and answers with it or with every mistake it holds, sorted by place. */
export function readManifest(text: string, { kinds }: { readonly kinds: PlanKinds }): Reading<Manifest> {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true })
  const places = new Places(parsed, lines)
  const syntax = parsed.errors.map(({ pos, message }) => places.atOffset(pos[0], message))
  if (syntax.length > 0) return { ok: false, mistakes: sorted(syntax) }
  const warnings = parsed.warnings.map(({ pos, message }) => places.atOffset(pos[0], message))
  let document: unknown
  try {
    document = parsed.toJS({ maxAliasCount: 50 })
  } catch (error) {
    return { ok: false, mistakes: [places.atOffset(0, messageOf(error))] }
  }
  const result = manifestSchema(kinds).safeParse(document)
  const own = result.success ? [] : result.error.issues.flatMap((issue) => describe(issue, { places, document, kinds }))
  const mistakes = [...own, ...crossChecks({ document, places, kinds })]
  if (!result.success || mistakes.length > 0) return { ok: false, mistakes: sorted(mistakes) }
  return { ok: true, value: resolveManifest(result.data, kinds), warnings }
}

interface Context {
  readonly places: Places
  readonly document: unknown
  readonly kinds: PlanKinds
}

function describe(issue: z.core.$ZodIssue, context: Context): readonly Mistake[] {
  const { places, document } = context
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, context)
    return issue.keys.map((key) => places.atKey([...path, key], `unknown key${didYouMean(key, known)}`))
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => places.atKey(path, message))
  if (issue.code === 'invalid_union') return unionMistakes(issue, context)
  if (isMissing(document, path)) return [places.atValue(path, 'is missing')]
  if (issue.code === 'invalid_type') return [places.atValue(path, `must be ${issue.expected}`)]
  if (issue.code === 'invalid_value') return [places.atValue(path, choiceMessage(issue, valueAt(document, path)))]
  return [places.atValue(path, issue.message)]
}

/** A union is told by its nearest alternative, or by what may be said instead. */
function unionMistakes(issue: z.core.$ZodIssueInvalidUnion, context: Context): readonly Mistake[] {
  const { places, kinds, document } = context
  const { path } = issue
  if (issue.errors.length === 0) {
    const kindPath = path.at(-1) === 'kind' ? path : [...path, 'kind']
    const written = valueAt(document, kindPath)
    if (written === undefined) return [places.atValue(path, `kind is missing: ${[...kinds.keys()].join(', ')}`)]
    const text = typeof written === 'string' ? written : JSON.stringify(written)
    return [places.atValue(kindPath, `no kind of agent is called ${text}${didYouMean(text, kinds.keys())}`)]
  }
  const deepest = issue.errors.find((issues) => issues.some(({ code }) => code !== 'invalid_type'))
  const chosen = deepest ?? issue.errors.find((issues) => issues.some((inner) => inner.path.length > 0))
  if (chosen === undefined) return [places.atValue(path, 'has the wrong type')]
  return chosen.flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, context))
}

function choiceMessage({ values }: z.core.$ZodIssueInvalidValue, written: unknown): string {
  const known = values.map(String)
  if (known.length === 1) return `must be ${known[0]}`
  return `must be one of ${known.join(', ')}${typeof written === 'string' ? didYouMean(written, known) : ''}`
}

function knownKeys(path: Path, { document, kinds }: Context): readonly string[] {
  const [top, second] = path
  if (path.length === 0) return Object.keys(manifestSchema(kinds).shape)
  if (top === 'tasks') return Object.keys(taskSchema.shape)
  if (top === 'check') return Object.keys(checkSchema.shape)
  if (top === 'output') return Object.keys(outputSchema.shape)
  return top === 'agents' ? keysOfAgent(kinds, looseAgents(document)[String(second)]?.['kind']) : []
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(step)]
    return isRecord(value) ? value[String(step)] : undefined
  }, document)
}

const isMissing = (document: unknown, path: Path): boolean => valueAt(document, path) === undefined

function sorted(mistakes: readonly Mistake[]): readonly Mistake[] {
  const unique = new Map(mistakes.map((mistake) => [`${mistake.line}:${mistake.column}:${mistake.message}`, mistake]))
  return [...unique.values()].toSorted((a, b) => a.line - b.line || a.column - b.column)
}
