import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'

/** What a TAP text says of its tests. */
export interface TestCount {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** One text for each failed assertion, with its place. */
  readonly failures: readonly string[]
  /** Lines that are not TAP. */
  readonly extra: string
}

interface Suite {
  readonly name: string
  readonly path: readonly string[]
  readonly children: Suite[]
  readonly asserts: Result[]
}

/** Counts leaf tests: a `t.test` without tests of its own, or a file that has only bare assertions or died. */
export function countTests(tap: string): TestCount {
  const root = suite('', [])
  const extra: string[] = []
  const parser = new Parser()
  parser.on('extra', (line: string) => void extra.push(line))
  read(parser, root)
  parser.end(tap)
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const file of root.asserts) add(count, file, child(root, file))
  return { ...count, failures: failuresOf(root), extra: extra.join('').trim() }
}

const suite = (name: string, path: readonly string[]): Suite => ({ name, path, children: [], asserts: [] })

function read(parser: Parser, into: Suite): void {
  parser.on('assert', (result: Result) => void into.asserts.push(result))
  parser.on('child', (inner: Parser) => {
    const found = suite(inner.name, [...into.path, inner.name])
    into.children.push(found)
    read(inner, found)
  })
}

const child = (parent: Suite, result: Result): Suite | undefined =>
  parent.children.find(({ name }) => name === result.name)

function add(
  count: { passed: number; failed: number; skipped: number },
  result: Result,
  tested: Suite | undefined,
): void {
  const inner = tested?.asserts.filter((assert) => child(tested, assert) !== undefined || assert.skip !== false) ?? []
  if (result.skip !== false) count.skipped++
  else if (tested !== undefined && inner.length > 0) {
    for (const assert of inner) add(count, assert, child(tested, assert))
    if (!result.ok && inner.every((assert) => assert.ok)) count.failed++
  } else if (result.ok || result.todo !== false) count.passed++
  else count.failed++
}

function failuresOf(of: Suite): string[] {
  const own = of.asserts.filter((assert) => !assert.ok && assert.todo === false && child(of, assert) === undefined)
  return [...own.map((assert) => describe(of, assert)), ...of.children.flatMap(failuresOf)]
}

function describe(of: Suite, assert: Result): string {
  const shown = Object.entries(assert.diag ?? {}).filter(([key]) => !noise.has(key))
  const text = shown.length === 0 ? '' : `\n${stringify(Object.fromEntries(shown)).replace(/^(?=.)/gm, '    ')}`
  return `FAIL ${[...of.path, assert.name].join(' > ')}${text}`
}

const noise = new Set(['args', 'stdio', 'cwd', 'externalID', 'command', 'jobId'])
