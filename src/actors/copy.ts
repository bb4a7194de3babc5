import { types } from 'node:util'

/**
 * A copy as structuredClone makes it. Plain data, which nearly all messages are, is copied by hand in a fraction of the time and
 * without a detour over bytes; whatever else there is in a message leaves all of it to structuredClone.
 */
export function copyOf(message: unknown): unknown {
  const copy = plainCopy(message, new Map())
  return copy === notPlain ? structuredClone(message) : copy
}

const notPlain = Symbol('not plain')

/** @param copies of what was met so far: what is met twice is one thing in the copy as well */
function plainCopy(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return notPlain
  if (typeof value !== 'object' || value === null) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  if (types.isProxy(value)) return notPlain
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) return listCopy(value as readonly unknown[], copies)
  return prototype === Object.prototype ? recordCopy(value as Readonly<Record<string, unknown>>, copies) : notPlain
}

function listCopy(list: readonly unknown[], copies: Map<object, object>): unknown {
  // a list may have gaps, and names besides
  if (Object.keys(list).length !== list.length) return notPlain
  const copy: unknown[] = []
  copies.set(list, copy)
  for (const item of list) {
    const copied = plainCopy(item, copies)
    if (copied === notPlain) return notPlain
    copy.push(copied)
  }
  return copy
}

function recordCopy(record: Readonly<Record<string, unknown>>, copies: Map<object, object>): unknown {
  const copy: Record<string, unknown> = {}
  copies.set(record, copy)
  for (const key of Object.keys(record)) {
    const copied = key === '__proto__' ? notPlain : plainCopy(record[key], copies)
    if (copied === notPlain) return notPlain
    copy[key] = copied
  }
  return copy
}
