import fc from 'fast-check'
import t from 'tap'
import { resolveKeyed } from '../../src/merge/keyed/keyed-file.ts'
import { printNode } from '../../src/merge/keyed/node.ts'
import { readJson } from '../../src/merge/keyed/read-json.ts'
import { readToml } from '../../src/merge/keyed/read-toml.ts'
import { readYaml } from '../../src/merge/keyed/read-yaml.ts'
import { resolveFile } from '../../src/merge/resolve-file.ts'
import type { TextResolution } from '../../src/merge/resolve-text.ts'
import type { ResolverPolicy } from '../../src/merge/resolvers/resolver.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'

interface Texts {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

function conflictOf(path: string, { base, ours, theirs }: Texts) {
  const versions = { base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) }
  return { path, segments: mergeThreeWays(versions), ...versions }
}

const keyed = (path: string, texts: Texts): TextResolution =>
  resolveKeyed(conflictOf(path, texts), { grade: 'certain', evidence: 'declared' })

const merged = (path: string, texts: Texts): string | null => {
  const result = keyed(path, texts)
  return result.how === 'resolved' ? result.text : null
}

const pretty = (value: unknown, indent: string | number = 2): string => `${JSON.stringify(value, null, indent)}\n`

void t.test('JSON is merged by key, and keeps order, indentation and the rest of its text', async (t) => {
  const base = { name: 'x', scripts: { test: 'tap' }, dependencies: { b: '1' }, files: ['a', 'c'] }
  for (const indent of [2, 4, '\t']) {
    const texts = {
      base: pretty(base, indent),
      ours: pretty({ ...base, dependencies: { b: '1', c: '3' }, files: ['a', 'b', 'c'] }, indent),
      theirs: pretty({ ...base, dependencies: { a: '1', b: '2', d: '4' }, files: ['a'], type: 'module' }, indent),
    }
    t.equal(
      merged('package.json', texts),
      pretty({ ...base, dependencies: { a: '1', b: '2', c: '3', d: '4' }, files: ['a', 'b'], type: 'module' }, indent),
    )
  }
})

void t.test('comments go with their keys, in JSON, TOML and YAML', async (t) => {
  t.equal(
    merged('tsconfig.json', {
      base: '{\n  // first\n  "a": 1, // one\n  "z": 1,\n}\n',
      ours: '{\n  // first\n  "a": 2, // two\n  // of ours\n  "o": 1,\n  "z": 1,\n}\n',
      theirs: '{\n  // first\n  "a": 1, // one\n  /* of theirs */\n  "t": 1, // beside it\n  "z": 1,\n}\n',
    }),
    '{\n  // first\n  "a": 2, // two\n  // of ours\n  "o": 1,\n  /* of theirs */\n  "t": 1, // beside it\n  "z": 1,\n}\n',
  )
  t.equal(
    merged('Cargo.toml', {
      base: '[package]\nname = "x"\n\n[dependencies]\nserde = "1.0.1"\n',
      ours: '[package]\nname = "x"\n\n[dependencies]\nanyhow = "1" # ours\nserde = "1.0.4"\n\n# how\n[dev-dependencies]\no = "1"\n',
      theirs:
        '[package]\nname = "x"\n\n[dependencies]\n# theirs\nbytes = { version = "1", features = ["a"] }\nserde = "1.0.3"\n',
    }),
    '[package]\nname = "x"\n\n[dependencies]\nanyhow = "1" # ours\n# theirs\nbytes = { version = "1", features = ["a"] }\nserde = "1.0.4"\n\n# how\n[dev-dependencies]\no = "1"\n',
  )
  t.equal(
    merged('config/app.yaml', {
      base: 'server:\n  port: 1\n  hosts:\n    - a\nlog: low # quiet\n',
      ours: 'server:\n  port: 2\n  hosts:\n    - a\n    - ours\n  tls: on\nlog: low # quiet\n',
      theirs:
        'server:\n  port: 1\n  hosts:\n    - a\n    - theirs # new\n  # as long as that\n  timeout: 3s\nlog: high # loud\n',
    }),
    'server:\n  port: 2\n  hosts:\n    - a\n    - ours\n    - theirs # new\n  tls: on\n  # as long as that\n  timeout: 3s\nlog: high # loud\n',
  )
})

void t.test('what both changed each in its own way stays in conflict', async (t) => {
  const cases: readonly (readonly [string, string, unknown, unknown, unknown])[] = [
    ['a value', 'a.json', { a: 1 }, { a: 2 }, { a: 3 }],
    ['a key taken away and changed', 'a.json', { a: 1, b: 1 }, { b: 1 }, { a: 2, b: 1 }],
    ['a value added by both', 'a.json', { b: 1 }, { a: 2, b: 1 }, { a: 3, b: 1 }],
    ['an item that both replaced', 'a.json', { l: ['a'] }, { l: ['b'] }, { l: ['c'] }],
    ['a list that one put into another order', 'a.json', { l: ['a', 'b'] }, { l: ['b', 'a'] }, { l: ['a', 'b', 'c'] }],
    ['lists of objects', 'a.json', { l: [{ a: 1 }] }, { l: [{ a: 2 }] }, { l: [{ a: 1 }, { b: 1 }] }],
    [
      'a version where none is needed',
      'package.json',
      { version: '1.0.0' },
      { version: '1.0.1' },
      { version: '1.1.0' },
    ],
    ['versions asked for in other ways', 'a.json', dep('^1.0.0'), dep('^1.1.0'), dep('~1.2.0')],
    ['a list and a mapping', 'a.json', { a: 1 }, { a: [1] }, { a: { b: 1 } }],
  ]
  for (const [name, path, base, ours, theirs] of cases)
    t.match(keyed(path, { base: pretty(base), ours: pretty(ours), theirs: pretty(theirs) }), { how: 'left' }, name)
  const broken = { base: '{}\n', ours: '{"a": \n', theirs: '{"b": 1}\n' }
  t.match(keyed('a.json', broken), { how: 'left' }, 'what cannot be read')
  t.match(keyed('a.json', { ...broken, ours: '{"a": 1, "a": 2}\n' }), { how: 'left' }, 'a key that comes twice')
  t.match(keyed('a.json', { ...broken, ours: '{"a":'.repeat(5000) }), { how: 'left' }, 'endless depth')
})

const dep = (version: string): object => ({ dependencies: { x: version } })

void t.test('of two versions that are asked for in the same way the higher one stays', async (t) => {
  const texts = { base: pretty(dep('^1.0.0')), ours: pretty(dep('^1.10.0')), theirs: pretty(dep('^1.9.0')) }
  t.equal(merged('package.json', texts), pretty(dep('^1.10.0')))
  t.equal(merged('package.json', { ...texts, ours: texts.theirs, theirs: texts.ours }), pretty(dep('^1.10.0')))
})

void t.test('line ends, a missing last line end and brackets on one line stay as they are', async (t) => {
  const windows = {
    base: '{\r\n  "b": 1\r\n}',
    ours: '{\r\n  "a": 1,\r\n  "b": 1\r\n}',
    theirs: '{\r\n  "b": 1,\r\n  "c": 1\r\n}',
  }
  t.equal(merged('a.json', windows), '{\r\n  "a": 1,\r\n  "b": 1,\r\n  "c": 1\r\n}')
  t.equal(
    merged('a.json', { base: '{"b": 1}', ours: '{"a": 1, "b": 1}', theirs: '{"b": 1, "c": 1}' }),
    '{"a": 1, "b": 1, "c": 1}',
  )
  t.equal(merged('a.toml', { base: 'b = 1', ours: 'b = 1\nc = 1', theirs: 'b = 1\nd = 1' }), 'b = 1\nc = 1\nd = 1')
})

void t.test('brackets that both sides emptied together close at once, and keep a comment', async (t) => {
  const emptied = (rest: string): Texts => ({
    base: `{\n  "x": {\n    "a": 1,\n    "b": 2${rest}\n  }\n}\n`,
    ours: `{\n  "x": {\n    "a": 1${rest}\n  }\n}\n`,
    theirs: `{\n  "x": {\n    "b": 2${rest}\n  }\n}\n`,
  })
  t.equal(merged('a.json', emptied('')), '{\n  "x": {}\n}\n')
  t.equal(merged('a.json', emptied('\n    // said')), '{\n  "x": {\n    // said\n  }\n}\n')
})

type Flat = Readonly<Record<string, number>>
type Document = { readonly x: Flat; readonly y: { readonly z: Flat } }
const keys = ['a', 'b', 'c', 'd', 'e', 'f']
const flat: fc.Arbitrary<Flat> = fc.dictionary(fc.constantFrom(...keys), fc.integer({ min: 0, max: 3 }))
/** Values to put, and -1 to take away. */
const edit = fc.dictionary(fc.constantFrom(...keys), fc.integer({ min: -1, max: 3 }), { maxKeys: 2 })
const document: fc.Arbitrary<Document> = fc.record({ x: flat, y: fc.record({ z: flat }) })
const edits = fc.record({ x: edit, z: edit })

const edited = (value: Flat, by: Flat): Flat =>
  Object.fromEntries(Object.entries({ ...value, ...by }).filter(([, one]) => one !== -1))

/** The same, value by value; null for a conflict. */
function expected(base: Flat, ours: Flat, theirs: Flat): Flat | null {
  const result: Record<string, number> = {}
  for (const key of keys) {
    const [was, mine, other] = [base[key], ours[key], theirs[key]]
    if (mine !== other && mine !== was && other !== was) return null
    const value = mine === was ? other : mine
    if (value !== undefined) result[key] = value
  }
  return result
}

const written: Readonly<Record<string, (value: Document) => string>> = {
  'a.json': (value) => pretty(value),
  'a.toml': ({ x, y: { z } }) => `[x]\n${pairs(x, ' = ')}\n[y.z]\n${pairs(z, ' = ')}`,
  'a.yaml': ({ x, y: { z } }) => `x:\n  _: 0\n${pairs(x, ': ', '  ')}y:\n  z:\n    _: 0\n${pairs(z, ': ', '    ')}`,
}
const pairs = (value: Flat, assign: string, indent = ''): string =>
  Object.entries(value)
    .map(([key, one]) => `${indent}${key}${assign}${one}\n`)
    .join('')

const readers = { 'a.json': readJson, 'a.toml': readToml, 'a.yaml': readYaml } as const

void t.test('property: a merge by key holds what a merge of the values holds, in every form', async (t) => {
  for (const [path, print] of Object.entries(written)) {
    let resolved = 0
    fc.assert(
      fc.property(document, edits, edits, (base, mine, other) => {
        const sideBy = (by: { readonly x: Flat; readonly z: Flat }): Document => ({
          x: edited(base.x, by.x),
          y: { z: edited(base.y.z, by.z) },
        })
        const [ours, theirs] = [sideBy(mine), sideBy(other)]
        const texts = { base: print(base), ours: print(ours), theirs: print(theirs) }
        const result = merged(path, texts)
        const x = expected(base.x, ours.x, theirs.x)
        const z = expected(base.y.z, ours.y.z, theirs.y.z)
        if (x === null || z === null) return result === null
        if (result === null) return false
        resolved += 1
        const sorted = (text: string): string =>
          text
            .split('\n')
            .map((line) => line.replace(/,$/, ''))
            .toSorted()
            .join('\n')
        return sorted(result) === sorted(print({ x, y: { z } }))
      }),
      { numRuns: 300 },
    )
    t.ok(resolved > 100, `${path}: ${resolved} resolved`)
  }
})

void t.test('property: what is read is printed as it was, and broken text is refused, never worse', async (t) => {
  const sign = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    "'",
    '\n',
    ' ',
    '#',
    '//',
    'a',
    '=',
    '- ',
    '1',
    '"a": 1',
    'b = 2\n',
  )
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(readers)), fc.array(sign, { maxLength: 30 }), (path, signs) => {
      const text = signs.join('')
      try {
        return printNode(readers[path as keyof typeof readers](text)) === text
      } catch (error) {
        return (error as Error).constructor.name === 'UnreadableKeys'
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

void t.test(
  'manifests of packages are merged by key where their chunks leave them, unless that is turned off',
  async (t) => {
    const text = conflictOf('package.json', {
      base: pretty({ typings: 'x', dependencies: {} }),
      ours: pretty({ typings: 'x', dependencies: { a: '1' } }),
      theirs: pretty({ dependencies: { b: '1' }, devDependencies: { c: '1' }, typings: 'x' }),
    })
    const how = (policy: ResolverPolicy): string => resolveFile(text, policy).how
    t.match(resolveFile(text, { upTo: 'likely', off: [] }), {
      how: 'resolved',
      chunks: [{ resolver: 'keyed-file', grade: 'likely' }],
    })
    t.equal(how({ upTo: 'certain', off: [] }), 'left')
    t.equal(how({ upTo: 'likely', off: ['keyed-file'] }), 'left')
    t.equal(resolveFile({ ...text, path: 'data.json' }, { upTo: 'likely', off: [] }).how, 'left')
    const declared = { union: [], keyed: ['*.json'], regenerate: [] }
    t.match(resolveFile({ ...text, path: 'data.json' }, { upTo: null, off: [], declared }), {
      how: 'resolved',
      chunks: [{ resolver: 'keyed-file', grade: 'certain' }],
    })
  },
)
