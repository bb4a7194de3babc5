/**
 * The value of a text that is plain JSON, read much faster than YAML; null for anything else, also for JSON with a key twice, which
 * JSON.parse would let pass, or with a key that schemas pass over.
 */
export function jsonDocument(text: string): object | null {
  if (!/^\s*\{/.test(text)) return null
  try {
    const value = JSON.parse(text) as object
    return keysWritten(text) === keysRead(value) ? value : null
  } catch {
    return null
  }
}

/** Strings that are followed by a colon: in JSON these are the keys, and nothing else. */
function keysWritten(text: string): number {
  let count = 0
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (match[1] !== undefined) count += 1
  return count
}

function keysRead(root: object): number {
  let count = 0
  const open: unknown[] = [root]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__')) return NaN
    if (!Array.isArray(value)) count += Object.keys(value).length
    for (const inner of Object.values(value) as readonly unknown[]) open.push(inner ?? null)
  }
  return count
}
