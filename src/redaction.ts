import { formsOf, type Secret, shortestSecret } from './secret-forms.ts'

/** Bytes that pass by in pieces, without the secrets in them. */
export interface RedactedStream {
  /** What can be passed on now: what may be the beginning of a secret is held back. */
  write(chunk: Uint8Array): Uint8Array
  /** What was held back. */
  end(): Uint8Array
  /** Names of the secrets that were there so far. */
  readonly found: ReadonlySet<string>
}

/** Hides the values of secrets. */
export interface Redactor {
  /** Whether there is nothing to hide. */
  readonly isIdle: boolean
  /** A text that may be cut off at both ends. */
  text(text: string): string
  /** All texts in a value that JSON could hold; the very same value where there was nothing to hide. */
  value<Value>(value: Value): Value
  stream(): RedactedStream
}

/** What stands in the place of a secret. */
const mark = (name: string): string => `[secret ${name}]`

/** Hides these secrets, in whatever form they are written. */
export function openRedactor(secrets: readonly Secret[]): Redactor {
  const forms = formsOf(secrets)
  const needles = forms.map(({ name, text }) => ({ name, bytes: Buffer.from(text) }))
  const text = (given: string): string => {
    let hidden = given
    for (const form of forms) if (hidden.includes(form.text)) hidden = hidden.replaceAll(form.text, mark(form.name))
    for (const secret of secrets) hidden = withoutCutEnds(hidden, secret)
    return hidden
  }
  return {
    isIdle: secrets.length === 0,
    text,
    value: (value) => mapTexts(value, text),
    stream: () => openStream(needles),
  }
}

/** Nothing to hide. */
export const hideNothing: Redactor = openRedactor([])

/** Whoever cuts a line to a length may leave a part of a secret at either end. */
function withoutCutEnds(text: string, { name, value }: Secret): string {
  const longest = Math.min(value.length - 1, text.length)
  let cut = text
  for (let length = longest; length >= shortestSecret; length -= 1) {
    if (!cut.endsWith(value.slice(0, length))) continue
    cut = cut.slice(0, -length) + mark(name)
    break
  }
  for (let length = longest; length >= shortestSecret; length -= 1) {
    if (!cut.startsWith(value.slice(-length))) continue
    return mark(name) + cut.slice(length)
  }
  return cut
}

function mapTexts<Value>(value: Value, change: (text: string) => string): Value {
  if (typeof value === 'string') return change(value) as Value
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => mapTexts(item, change))
    return items.every((item, at) => item === value[at]) ? value : (items as Value)
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value).map(([key, held]) => [key, held, change(key), mapTexts(held, change)] as const)
  const isSame = entries.every(([key, held, newKey, newHeld]) => key === newKey && held === newHeld)
  return isSame ? value : (Object.fromEntries(entries.map(([, , key, held]) => [key, held])) as Value)
}

interface Needle {
  readonly name: string
  readonly bytes: Buffer
}

function openStream(needles: readonly Needle[]): RedactedStream {
  const found = new Set<string>()
  let held: Buffer = Buffer.alloc(0)

  /** Passes on all before `bound` but for secrets that begin there; the rest is held back. */
  function pass(bytes: Buffer, bound: number): Uint8Array {
    const parts: Uint8Array[] = []
    let from = 0
    for (let hit = firstIn(bytes, 0, needles); hit !== null && hit.at < bound; hit = firstIn(bytes, from, needles)) {
      found.add(hit.needle.name)
      parts.push(bytes.subarray(from, hit.at), Buffer.from(mark(hit.needle.name)))
      from = hit.at + hit.needle.bytes.length
    }
    const end = Math.max(from, bound)
    held = Buffer.from(bytes.subarray(end))
    return Buffer.concat([...parts, bytes.subarray(from, end)])
  }

  return {
    found,
    write(chunk) {
      if (needles.length === 0) return chunk
      const bytes = Buffer.concat([held, chunk])
      return pass(bytes, beginningAt(bytes, needles))
    },
    end: () => pass(held, held.length),
  }
}

/** The first secret from a place on, the longest of those that begin there. */
function firstIn(bytes: Buffer, from: number, needles: readonly Needle[]): { at: number; needle: Needle } | null {
  let first: { at: number; needle: Needle } | null = null
  for (const needle of needles) {
    const at = bytes.indexOf(needle.bytes, from)
    if (at !== -1 && (first === null || at < first.at)) first = { at, needle }
  }
  return first
}

/** Where the longest end begins that may be the beginning of a secret; the length where there is none. */
function beginningAt(bytes: Buffer, needles: readonly Needle[]): number {
  let earliest = bytes.length
  for (const { bytes: needle } of needles) {
    const first = needle.subarray(0, 1)
    for (let at = bytes.indexOf(first, Math.max(0, bytes.length - needle.length + 1)); at !== -1 && at < earliest;) {
      if (bytes.subarray(at).equals(needle.subarray(0, bytes.length - at))) earliest = at
      else at = bytes.indexOf(first, at + 1)
    }
  }
  return earliest
}
