import type * as z from 'zod'
import { didYouMean } from './closest.ts'
import type { PlanKinds } from './kinds.ts'
import { knownKeys } from './known-keys.ts'
import { isRecord } from './loose.ts'
import type { Path, PlaceFinder } from './places.ts'
import type { Mistake } from './task.ts'

/** A document as read, where it stands, and what kinds of agents there are. */
export interface Checked {
  readonly document: unknown
  readonly places: PlaceFinder
  readonly kinds: PlanKinds
  /** Whether all of the text could be read; if not, nothing can be called missing. */
  readonly complete: boolean
}

/** With the schema that it was checked by. */
interface Shaped extends Checked {
  readonly schema: z.ZodType
}

/** What the schema finds wrong, each in its place. */
export function shapeMistakes(issues: readonly z.core.$ZodIssue[], checked: Shaped): readonly Mistake[] {
  return issues.filter(isTightest).flatMap((issue) => describe(issue, checked))
}

/** What is too great to be told exactly is beyond the bound of its key as well: only that is told. */
function isTightest(issue: z.core.$ZodIssue, _: number, all: readonly z.core.$ZodIssue[]): boolean {
  const isBeyondAll = (bound: z.core.$ZodIssue): boolean =>
    (bound.code === 'too_big' && bound.maximum === Number.MAX_SAFE_INTEGER) ||
    (bound.code === 'too_small' && bound.minimum === Number.MIN_SAFE_INTEGER)
  if (!isBeyondAll(issue)) return true
  return !all.some((other) => other.code === issue.code && !isBeyondAll(other) && isSamePath(other.path, issue.path))
}

const isSamePath = (one: Path, other: Path): boolean =>
  one.length === other.length && one.every((step, at) => step === other[at])

/** How the schema's own findings are put into words; what a field says of itself goes first. */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return `must be ${typeNames[issue.expected] ?? issue.expected}${hint(issue.expected, issue.input)}`
  }
  if (issue.code === 'invalid_value') return choiceMessage(issue.values.map(String), issue.input)
  if (issue.code === 'invalid_format' && 'pattern' in issue) return `must look like ${String(issue.pattern)}`
  return sizeWording(issue)
}

function sizeWording(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'too_small')
    return isNumeric(issue.origin) ? `must be at least ${issue.minimum}` : 'must not be empty'
  if (issue.code !== 'too_big') return undefined
  return isNumeric(issue.origin) ? `must be at most ${issue.maximum}` : `must hold at most ${issue.maximum}`
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

const isNumeric = (origin: string): boolean => origin === 'number' || origin === 'int'

function hint(expected: string, written: unknown): string {
  if (written === null) return ', and nothing stands here'
  if (expected === 'string' && (typeof written === 'number' || typeof written === 'boolean')) return '; quote it'
  return ''
}

function choiceMessage(known: readonly string[], written: unknown): string {
  if (known.length === 1) return `must be ${known[0]}`
  return `must be one of ${known.join(', ')}${typeof written === 'string' ? didYouMean(written, known) : ''}`
}

function describe(issue: z.core.$ZodIssue, checked: Shaped): readonly Mistake[] {
  const { places, document } = checked
  const { path, message } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(checked.schema, document, path)
    const keys = issue.keys.filter((key) => key !== '__proto__') // whoever read the text has told
    return keys.map((key) => places.atKey([...path, key], unknownKey(key, known)))
  }
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => places.atKey(path, inner.message))
  if (issue.code === 'invalid_union' && issue.errors.length === 0) return kindMistake(path, checked)
  if (valueAt(document, path) === undefined) return missing(path, checked)
  if (issue.code === 'invalid_union') return unionMistakes(issue, checked)
  return [places.atValue(path, message)]
}

const unknownKey = (key: string, known: readonly string[]): string =>
  key === '' ? 'a key must not be empty' : `unknown key${didYouMean(key, known)}`

const missing = (path: Path, { places, complete }: Checked, choice = ''): readonly Mistake[] =>
  complete ? [places.atValue(path, `is missing${choice}`)] : []

function kindMistake(path: Path, checked: Checked): readonly Mistake[] {
  const { places, kinds, document } = checked
  const kindPath = path.at(-1) === 'kind' ? path : [...path, 'kind']
  const written = valueAt(document, kindPath)
  if (written === undefined) return missing(kindPath, checked, `: ${oneOf([...kinds.keys()])}`)
  const text = typeof written === 'string' ? written : JSON.stringify(written)
  return [places.atValue(kindPath, `no kind of agent is called ${text}${didYouMean(text, kinds.keys())}`)]
}

/** A union is told by the alternative that has the type of what is written, or by all types that would do. */
function unionMistakes(issue: z.core.$ZodIssueInvalidUnion, checked: Shaped): readonly Mistake[] {
  const { path } = issue
  const meant = issue.errors.find((issues) => !issues.some(isOfOtherType))
  if (meant !== undefined) {
    return meant.filter(isTightest).flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, checked))
  }
  const types = issue.errors.flatMap((issues) => issues.filter(isOfOtherType).map(({ message }) => message))
  const bare = types.map((type) => type.replaceAll(/^must be |; quote it$|, and nothing stands here$/g, ''))
  return [checked.places.atValue(path, `must be ${bare.join(' or ')}`)]
}

const isOfOtherType = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(step)]
    return isRecord(value) ? value[String(step)] : undefined
  }, document)
}

const oneOf = (names: readonly string[]): string => names.join(', ').replace(/, (?=[^,]*$)/, ' or ')
