import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { BoundedMemory } from '../../src/merge/bounded-memory.ts'
import { resolveKeyed } from '../../src/merge/keyed/keyed-file.ts'
import { printNode } from '../../src/merge/keyed/node.ts'
import { readJson } from '../../src/merge/keyed/read-json.ts'
import { readToml } from '../../src/merge/keyed/read-toml.ts'
import { readYaml } from '../../src/merge/keyed/read-yaml.ts'
import { resolveChunks } from '../../src/merge/resolve-chunks.ts'
import { resolveFile } from '../../src/merge/resolve-file.ts'
import { resolveText, type TextResolution } from '../../src/merge/resolve-text.ts'
import { fileFacts } from '../../src/merge/resolvers/file-facts.ts'
import { isWellIndented } from '../../src/merge/resolvers/python-lines.ts'
import { resolvers } from '../../src/merge/resolvers/registry.ts'
import type { Grade, ResolverPolicy } from '../../src/merge/resolvers/resolver.ts'
import { isWellNested } from '../../src/merge/resolvers/yaml-lines.ts'
import { classic } from '../../src/merge/text/classic.ts'
import { Divider } from '../../src/merge/text/divide.ts'
import { histogram } from '../../src/merge/text/histogram.ts'
import { diffLines } from '../../src/merge/text/line-diff.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import type { Region, Sequence } from '../../src/merge/text/sequence.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'

const folder = mkdtempSync(join(tmpdir(), 'troupe-text-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string]

/** Few different lines, so that there is much to mistake; some like code. */
const line = fc.constantFrom('', '}', '  return', 'a', 'b', 'c', 'd', 'e', '  }', 'x = 1', 'y = 2', 'end')
const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.map((one) => `${one}\n`).join(''))
/** A text and one that was made from it by a few edits. */
const edit = fc.record({ at: fc.nat(30), remove: fc.nat(3), put: fc.array(line, { maxLength: 3 }) })
const edited = (from: string, edits: readonly { at: number; remove: number; put: readonly string[] }[]): string => {
  const lines = [...linesOf(from)]
  for (const { at, remove, put } of edits)
    lines.splice(at % (lines.length + 1), remove, ...put.map((one) => `${one}\n`))
  return lines.join('')
}
const edits = fc.array(edit, { minLength: 1, maxLength: 4 })

/** The hunks that git finds with the diff that its merges use, of every pair of texts, by one process. */
function gitHunks(pairs: readonly (readonly [string, string])[]): readonly string[] {
  for (const side of ['old', 'now']) {
    rmSync(join(folder, side), { recursive: true, force: true })
    mkdirSync(join(folder, side))
  }
  for (const [at, [old, now]] of pairs.entries()) {
    writeFileSync(join(folder, 'old', String(at)), old)
    writeFileSync(join(folder, 'now', String(at)), now)
  }
  // without a line of context git leaves out equal ends before it compares, which its merge does not
  const options = ['--histogram', '--no-indent-heuristic', '--unified=1', '--inter-hunk-context=0', '--text']
  const { stdout } = spawnSync('git', ['diff', '--no-index', ...options, 'old', 'now'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const files = new Map(
    stdout.split(/^diff --git /m).map((part) => [/^a\/old\/(\d+) b\/now\/\1$/m.exec(part)?.[1], part] as const),
  )
  return pairs.map((_, at) => hunksIn(files.get(String(at)) ?? '').join('; '))
}

/** The runs of lines with a sign in a diff of one file. */
function hunksIn(diff: string): readonly string[] {
  const found: string[] = []
  for (const hunk of diff.split(/^(?=@@ )/m).slice(1)) {
    const [head = '', ...body] = hunk.split('\n')
    const [, of = '', oc, nf = '', nc] = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(head) ?? []
    let [old, now] = [Number(of) - (oc === '0' ? 0 : 1), Number(nf) - (nc === '0' ? 0 : 1)]
    for (const [run] of body.join('\n').matchAll(/(?:^[-+].*\n?)+|^ .*\n?/gm)) {
      const [removed, added] = [/^-/gm, /^\+/gm].map((sign) => run.match(sign)?.length ?? 0) as [number, number]
      if (run.startsWith(' ')) [old, now] = [old + 1, now + 1]
      else found.push(`${old},${(old += removed)} ${now},${(now += added)}`)
    }
  }
  return found
}

const hunksText = (old: string, now: string): string =>
  diffLines(linesOf(old), linesOf(now))
    .map(({ oldFrom, oldTo, newFrom, newTo }) => `${oldFrom},${oldTo} ${newFrom},${newTo}`)
    .join('; ')

void t.test('property: the diff is the very one that git finds', (t) => {
  const changed = fc.record({ old: text, changes: edits })
  let compared = 0
  fc.assert(
    fc.property(fc.array(changed, { minLength: 25, maxLength: 25 }), (all) => {
      const pairs = all.map(({ old, changes }) => [old, edited(old, changes)] as const)
      const found = pairs.map(([old, now]) => hunksText(old, now))
      t.same(found, gitHunks(pairs))
      compared += found.filter((hunks) => hunks !== '').length
    }),
    { numRuns: 10 },
  )
  t.ok(compared > 150, `${compared} of 250 differed`)
  t.end()
})

void t.test(
  'property: and so it is where only lines are common that occur very often, however long that takes',
  (t) => {
    const records = (count: number, of: (at: number) => string): string =>
      Array.from({ length: count }, (_, at) => `{\n"id": ${of(at)}\n},\n`).join('')
    const noise = (count: number, different: number, seed: number): string => {
      let last = seed
      const next = (): number => (last = (last * 1_103_515_245 + 12_345) % 2_147_483_648)
      return Array.from({ length: count }, () => `${Math.floor((next() / 2_147_483_648) * different)}\n`).join('')
    }
    const runs = (count: number, seed: number): string => `${noise(300, 3, seed)}${'same\n'.repeat(count)}`.repeat(4)
    const around = (seed: number): string =>
      [noise(260, 20, seed), noise(33_000, 20, 9), noise(3000, 20, seed + 10)].join('')
    const among = (seed: number): string => {
      const [own, often] = [linesOf(noise(3000, 1e9, seed)), linesOf(noise(3000, 9, seed + 20))]
      return own.map((one, at) => (at % 7 < 4 || Number(often[at]) % 3 > 0 ? one : (often[at] ?? ''))).join('')
    }
    const few = fc.record({
      seeds: fc.tuple(fc.nat(1000), fc.nat(1000)),
      different: fc.integer({ min: 2, max: 30 }),
      changes: edits,
    })
    const many = 'same\n'.repeat(100)
    const known = [
      [many, `${many}a\n${many}`],
      [records(700, (at) => `o${at}`), records(700, (at) => (at % 5 === 0 ? `o${at}` : `n${at}`))],
      [noise(4000, 40, 1), noise(4000, 40, 2)],
      [runs(100, 1), runs(130, 9)],
      [around(1), around(2)],
      [among(5), among(6)],
    ] as const
    t.same(
      known.map(([old, now]) => hunksText(old, now)),
      gitHunks(known),
    )
    fc.assert(
      fc.property(fc.array(few, { minLength: 8, maxLength: 8 }), (all) => {
        const pairs = all.flatMap(({ seeds: [one, other], different, changes }) => {
          const old = noise(different * 90, different, one)
          return [[old, edited(old, changes)] as const, [old, noise(different * 80, different, other)] as const]
        })
        t.same(
          pairs.map(([old, now]) => hunksText(old, now)),
          gitHunks(pairs),
        )
      }),
      { numRuns: 5 },
    )
    t.end()
  },
)

/** The new text, made of the old one and what is marked as changed. */
function marks(old: readonly number[], now: readonly number[], find: (a: Sequence, b: Sequence) => void): Sequence[] {
  const of = (ids: readonly number[]): Sequence => ({ ids: Int32Array.from(ids), changed: new Uint8Array(ids.length) })
  const both = [of(old), of(now)] as const
  find(...both)
  return [...both]
}

void t.test(
  'property: what neither side has marked is the same in both, and divided by Myers it is the most that can be',
  (t) => {
    const numbers = fc.array(fc.nat(4), { maxLength: 24 })
    const unmarked = ({ ids, changed }: Sequence): number[] => [...ids].filter((_, at) => changed[at] === 0)
    fc.assert(
      fc.property(numbers, numbers, (old, now) => {
        const whole = { aFrom: 0, aTo: old.length, bFrom: 0, bTo: now.length }
        for (const find of [histogram, (x: Sequence, y: Sequence) => classic(x, y, whole)]) {
          const [left, right] = marks(old, now, find).map(unmarked)
          t.same(left, right)
        }
        const divider = new Divider(Int32Array.from(old), Int32Array.from(now))
        t.equal(commonBy(divider, { old, now }, whole), longestCommon(old, now))
      }),
      { numRuns: 400 },
    )
    t.end()
  },
)

/** How many are common to the two sides of each division, down to the last. */
function commonBy(divider: Divider, texts: { old: readonly number[]; now: readonly number[] }, whole: Region): number {
  const { old, now } = texts
  let { aFrom, aTo, bFrom, bTo } = whole
  let common = 0
  for (; aFrom < aTo && bFrom < bTo && old[aFrom] === now[bFrom]; aFrom += 1, bFrom += 1) common += 1
  for (; aFrom < aTo && bFrom < bTo && old[aTo - 1] === now[bTo - 1]; aTo -= 1, bTo -= 1) common += 1
  if (aFrom === aTo || bFrom === bTo) return common
  const { aAt, bAt } = divider.divide({ aFrom, aTo, bFrom, bTo }, false)
  const parts = [
    { aFrom, aTo: aAt, bFrom, bTo: bAt },
    { aFrom: aAt, aTo, bFrom: bAt, bTo },
  ]
  return parts.reduce((sum, part) => sum + commonBy(divider, texts, part), common)
}

function longestCommon(x: readonly number[], y: readonly number[]): number {
  let row = y.map(() => 0)
  for (const one of x) {
    const next: number[] = []
    for (const [at, other] of y.entries())
      next.push(one === other ? (row[at - 1] ?? 0) + 1 : Math.max(row[at] ?? 0, next[at - 1] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}

void t.test('property: a merge is clean where git merges the text, and then the same', (t) => {
  let clean = 0
  fc.assert(
    fc.property(text, edits, edits, (base, mine, other) => {
      const [ours, theirs] = [edited(base, mine), edited(base, other)]
      const segments = mergeThreeWays({ base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) })
      const isClean = segments.every(({ kind }) => kind === 'clean')
      const merged = segments.flatMap((one) => (one.kind === 'clean' ? one.lines : [])).join('')
      if (!isClean) return
      clean += 1
      writeFileSync(a, ours)
      writeFileSync(b, base)
      writeFileSync(c, theirs)
      const { status, stdout } = spawnSync('git', ['merge-file', '-p', '--diff3', a, b, c], { encoding: 'utf8' })
      // merge-file diffs by another algorithm than merges do: it may see a conflict more, or another place among equal lines
      if (status === 0 && merged !== stdout) t.equal(merged, mergedByGit({ base, ours, theirs }))
    }),
    { numRuns: 250 },
  )
  t.ok(clean > 30, `${clean} were clean`)
  t.end()
})

/** As `git merge` has it; null for a conflict. */
function mergedByGit(versions: {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}): string | null {
  const repository = join(folder, 'repository')
  const run = (words: readonly string[], input = ''): { readonly status: number | null; readonly stdout: string } =>
    spawnSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words], {
      input,
      encoding: 'utf8',
    })
  const told = (words: readonly string[], input = ''): string => run(words, input).stdout.trim()
  spawnSync('git', ['init', '--quiet', repository])
  const commit = (text: string, ...parent: readonly string[]): string => {
    const blob = told(['hash-object', '-w', '--stdin'], text)
    return told(['commit-tree', '-m', 'one', ...parent, told(['mktree'], `100644 blob ${blob}\tf\n`)])
  }
  const base = commit(versions.base)
  const sides = [versions.ours, versions.theirs].map((text) => commit(text, '-p', base))
  const { status, stdout } = run(['merge-tree', '--write-tree', ...sides])
  return status === 0 ? run(['show', `${stdout.trim()}:f`]).stdout : null
}

void t.test('where merge-file has other places for equal lines a merge is as git has it', async (t) => {
  const [base, ours, theirs] = ['a\n}\n}\n}\n', 'a\nc\n}\nb\na\n}\n}\n', 'a\n}\n}\n']
  const segments = mergeThreeWays({ base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) })
  const merged = segments.flatMap((one) => (one.kind === 'clean' ? one.lines : [])).join('')
  t.equal(merged, 'a\nc\n}\nb\na\n}\n}\n')
  t.equal(merged, mergedByGit({ base, ours, theirs }))
})

void t.test('what a conflict is about is told in the lines of each version', (t) => {
  const versions = {
    base: ['1', '2', '3', '4'],
    ours: ['0', '1', 'two', '3', '4'],
    theirs: ['1', 'zwei', '3', '4', '5'],
  }
  const [, , chunk, ...rest] = mergeThreeWays(versions)
  t.match(chunk, {
    kind: 'conflict',
    chunk: { base: ['2'], ours: ['two'], theirs: ['zwei'], at: { base: 1, ours: 2, theirs: 1 } },
  })
  t.match(rest, [{ by: null }, { by: 'theirs', lines: ['5'] }])
  t.end()
})

void t.test(
  'what is remembered never weighs more than it may, and what was asked for last is what stays',
  async (t) => {
    const memory = new BoundedMemory<string>(10)
    for (const key of ['a', 'b', 'c']) memory.set(key, key.toUpperCase(), 3)
    t.equal(memory.get('a'), 'A')
    memory.set('d', 'D', 4)
    t.same(
      ['a', 'b', 'c', 'd'].map((key) => memory.get(key)),
      ['A', undefined, 'C', 'D'],
    )
    memory.set('d', 'less', 1)
    memory.set('e', 'E', 3)
    t.same(
      ['a', 'c', 'd', 'e'].map((key) => memory.get(key)),
      ['A', 'C', 'less', 'E'],
      'what is put anew weighs once',
    )
    memory.set('whole', 'W', 11)
    t.equal(memory.get('whole'), undefined)
    t.equal(memory.get('a'), 'A', 'and takes nothing along')
  },
)

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
  resolveKeyed(conflictOf(path, texts), { grade: 'certain', isDeclared: true })

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

void t.test('a version that both raised is the higher one, and the lower is told', async (t) => {
  const of = (a: string, b: string): string => pretty({ dependencies: { a, b } })
  const told = (ours: string, theirs: string): unknown =>
    keyed('package.json', { base: of('^1.0.0', '1'), ours, theirs })
  const evidence =
    'declared: dependencies.a: the higher version: "^1.10.0", not "^1.2.0"; no other key was changed by both'
  t.match(told(of('^1.2.0', '1'), of('^1.10.0', '1')), { chunks: [{ evidence }] })
  t.match(told(of('^1.10.0', '1'), of('^1.2.0', '2')), { chunks: [{ evidence }] })
  t.match(told(of('^1.2.0', '1'), of('^1.0.0', '2')), {
    chunks: [{ evidence: 'declared: no key was changed by both' }],
  })
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
const keyEdit = fc.dictionary(fc.constantFrom(...keys), fc.integer({ min: -1, max: 3 }), { maxKeys: 2 })
const document: fc.Arbitrary<Document> = fc.record({ x: flat, y: fc.record({ z: flat }) })
const keyEdits = fc.record({ x: keyEdit, z: keyEdit })

const keysEdited = (value: Flat, by: Flat): Flat =>
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

/** Whose lines merge to a text that names a table twice. */
const twiceNamed: [Document, { x: Flat; z: Flat }, { x: Flat; z: Flat }] = [
  { x: {}, y: { z: { a: 0, d: 0, f: 0 } } },
  { x: { a: 0 }, z: {} },
  { x: { d: 0, f: 0 }, z: { a: 1, f: 1 } },
]

void t.test('property: a merge by key holds what a merge of the values holds, in every form', async (t) => {
  for (const [path, print] of Object.entries(written)) {
    let resolved = 0
    fc.assert(
      fc.property(document, keyEdits, keyEdits, (base, mine, other) => {
        const sideBy = (by: { readonly x: Flat; readonly z: Flat }): Document => ({
          x: keysEdited(base.x, by.x),
          y: { z: keysEdited(base.y.z, by.z) },
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
      { numRuns: 300, examples: [twiceNamed] },
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

interface Case extends Texts {
  readonly title: string
  readonly path: string
  /** `<resolver> <grade>`, and the text; null where nothing may be decided. */
  readonly by: string | null
  readonly text?: string
}

function resolved({ path, ...texts }: Case, upTo: Grade = 'likely', off: readonly string[] = []) {
  return resolveText(conflictOf(path, texts), { upTo, off })
}

const cases: readonly Case[] = [
  {
    title: 'only white space was changed by one',
    path: 'a.js',
    base: 'f(a,b)\n',
    ours: 'f(a, b)\n',
    theirs: 'g(a,b)\n',
    by: 'white-space certain',
    text: 'g(a,b)\n',
  },
  {
    title: 'lines that one side indented keep what the other wrote',
    path: 'a.py',
    base: 'x = 1\ny = 2\n',
    ours: '    x = 1\n    y = 2\n',
    theirs: 'x = 1\ny = 3\n',
    by: 'white-space certain',
    text: '    x = 1\n    y = 3\n',
  },
  {
    title: 'indentation is no mere white space where it means something',
    path: 'a.py',
    base: 'if a:\n    b()\nc()\n',
    ours: 'if a:\n    b()\n    c()\n',
    theirs: 'if a:\n    b()\n        c()\n',
    by: null,
  },
  {
    title: 'where lines end means nothing in Java: the other side changed something',
    path: 'A.java',
    base: 'int a =\n    f(b,\n      c);\n',
    ours: 'int a = f(b, c);\n',
    theirs: 'int a =\n    f(b,\n      d, e);\n',
    by: 'formatting likely',
    text: 'int a =\n    f(b,\n      d, e);\n',
  },
  {
    title: 'of two sides that only differ in form the one that was formatted anew stays',
    path: 'a.rs',
    base: 'let a = f(\n    b,\n    c,\n);\n',
    ours: 'let a = f(\n    b,\n    d,\n);\n',
    theirs: 'let a = f(b, d);\n',
    by: 'formatting likely',
    text: 'let a = f(b, d);\n',
  },
  {
    title: 'a line that ends a comment is none of form',
    path: 'a.c',
    base: 'a(); // b\nc();\n',
    ours: 'a(); // b c();\n',
    theirs: 'a(); // b\nd(1, 2, e);\n',
    by: null,
  },
  {
    title: 'lines within quotes are none of form',
    path: 'a.rs',
    base: 'let a = "b\nc";\n',
    ours: 'let a = "b c";\n',
    theirs: 'let a = "b\nc d";\n',
    by: 'tokens-of-lines likely',
    text: 'let a = "b c d";\n',
  },
  {
    title: 'a comma may be all that makes a tuple',
    path: 'a.rs',
    base: 'let a = (b,);\n',
    ours: 'let a = (b);\n',
    theirs: 'let a = (c,);\n',
    by: 'inline-lists likely',
    text: 'let a = (c);\n',
  },
  {
    title: 'of two removals the one that holds the other stays',
    path: 'a.sh',
    base: 'one\n\ntwo\nthree\nfour\n',
    ours: 'one\n\nthree\nfour\n',
    theirs: 'one\nfour\n',
    by: 'contained-removal likely',
    text: 'one\nfour\n',
  },
  {
    title: 'of two removals one is of all there is',
    path: 'a.sh',
    base: 'one\ntwo\nthree\nfour\n',
    ours: 'one\nfour\n',
    theirs: 'one\nthree\nfour\n',
    by: 'contained-removal likely',
    text: 'one\nfour\n',
  },
  {
    title: 'removals of other lines hold nothing of each other',
    path: 'a.sh',
    base: 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n',
    ours: 'one\nfour\nfive\nsix\nseven\n',
    theirs: 'one\ntwo\nfive\nsix\nseven\n',
    by: null,
  },
  {
    title: 'what one side moved and the other took lines from is no removal',
    path: 'a.sh',
    base: 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n',
    ours: 'one\nfour\nfive\nsix\nseven\ntwo\nthree\n',
    theirs: 'one\nthree\nfour\nfive\nsix\nseven\n',
    by: null,
  },
  {
    title: 'imports of Java are a set, of which one side took some away',
    path: 'A.java',
    base: 'import a.B;\nimport a.C;\n\nimport d.E;\n',
    ours: 'import a.B;\nimport a.C;\nimport a.F;\n\nimport d.E;\nimport d.G;\n',
    theirs: 'import d.E;\nimport d.H;\n',
    by: 'import-lines likely',
    text: 'import a.F;\n\nimport d.E;\nimport d.G;\nimport d.H;\n',
  },
  {
    title: 'a file that both include is included once',
    path: 'a.cpp',
    base: '#include "a.h"\nint b;\n',
    ours: '#include "a.h"\n#include "c.h"\n#include "d.h"\nint b;\n',
    theirs: '#include "a.h"\n#include "d.h"\n#include <e.h>\nint b;\n',
    by: 'import-lines likely',
    text: '#include "a.h"\n#include "c.h"\n#include "d.h"\n#include <e.h>\nint b;\n',
  },
  {
    title: 'names in braces that both bring in from one place',
    path: 'a.rs',
    base: 'use a::{b, c};\nuse d::e;\n',
    ours: 'use a::{b, c, f};\nuse d::e;\n',
    theirs: 'use a::{c, g};\n',
    by: 'import-lines likely',
    text: 'use a::{c, f, g};\n',
  },
  {
    title: 'names that one side brings in from elsewhere and the other has no longer',
    path: 'a.php',
    base: '<?php\nuse A\\B;\nuse A\\C;\nuse A\\E;\n',
    ours: '<?php\nuse D\\B;\nuse D\\C;\nuse A\\E;\n',
    theirs: '<?php\nuse A\\E;\nuse A\\G;\n',
    by: null,
  },
  {
    title: 'two places that one name comes from',
    path: 'A.cs',
    base: 'using A;\nusing B.C;\n',
    ours: 'using A.D;\nusing B.C;\n',
    theirs: 'using E.D;\nusing F;\n',
    by: 'import-lines likely',
    text: 'using A.D;\nusing E.D;\nusing F;\n',
  },
  {
    title: 'two places of Java that one name would come from',
    path: 'A.java',
    base: 'import a.B;\n',
    ours: 'import a.B;\nimport c.D;\n',
    theirs: 'import e.D;\n',
    by: null,
  },
  {
    title: 'entries of a table in C behind what was last, and had no comma',
    path: 'a.c',
    base: 'struct a b[] = {\n  {"one", 1}\n};\n',
    ours: 'struct a b[] = {\n  {"one", 1},\n  {"two", 2},\n  {"three", 3}\n};\n',
    theirs: 'struct a b[] = {\n  {"one", 1},\n  {"four", 4}\n};\n',
    by: 'both-insert likely',
    text: 'struct a b[] = {\n  {"one", 1},\n  {"two", 2},\n  {"three", 3},\n  {"four", 4}\n};\n',
  },
  {
    title: 'entries of several lines in Lua',
    path: 'a.lua',
    base: 'return {\n  one = {\n    1\n  }\n}\n',
    ours: 'return {\n  one = {\n    1\n  },\n  two = {\n    2\n  }\n}\n',
    theirs: 'return {\n  one = {\n    1\n  },\n  three = {\n    3\n  }\n}\n',
    by: 'both-insert likely',
    text: 'return {\n  one = {\n    1\n  },\n  two = {\n    2\n  },\n  three = {\n    3\n  }\n}\n',
  },
  {
    title: 'keys of PHP',
    path: 'a.php',
    base: "return [\n  'one' => 1\n];\n",
    ours: "return [\n  'one' => 1,\n  'two' => 2\n];\n",
    theirs: "return [\n  'one' => 1,\n  'three' => 3\n];\n",
    by: 'both-insert likely',
    text: "return [\n  'one' => 1,\n  'two' => 2,\n  'three' => 3\n];\n",
  },
  {
    title: 'parameters of PHP, of which the place tells what they are for',
    path: 'a.php',
    base: 'f(\n  $one = 1\n);\n',
    ours: 'f(\n  $one = 1,\n  $two = 2\n);\n',
    theirs: 'f(\n  $one = 1,\n  $three = 3\n);\n',
    by: null,
  },
  {
    title: 'a comma that would be part of a comment',
    path: 'a.c',
    base: 'enum a {\n  ONE = 1\n};\n',
    ours: 'enum a {\n  ONE = 1,\n  TWO = 2 // said\n};\n',
    theirs: 'enum a {\n  ONE = 1,\n  THREE = 3\n};\n',
    by: null,
  },
  {
    title: 'an import that one side took away and the other newly needs',
    path: 'A.java',
    base: 'import a.B;\nimport a.C;\nx;\ny;\n',
    ours: 'import a.B;\nimport a.C;\nimport a.D;\nx;\ny(new C(), new D());\n',
    theirs: 'import a.B;\nx;\ny;\n',
    by: null,
  },
  {
    title: 'an import that one side took away together with its use',
    path: 'A.java',
    base: 'import a.B;\nimport a.C;\nf();\nx(new C());\ng();\ny();\n',
    ours: 'import a.B;\nimport a.C;\nimport a.D;\nf();\nx(new C());\ng();\ny(new D());\n',
    theirs: 'import a.B;\nf();\nx();\ng();\ny();\n',
    by: 'import-lines likely',
    text: 'import a.B;\nimport a.D;\nf();\nx();\ng();\ny(new D());\n',
  },
  {
    title: 'the higher version stays',
    path: 'package.json',
    base: '{\n  "version": "1.2.0"\n}\n',
    ours: '{\n  "version": "1.2.10"\n}\n',
    theirs: '{\n  "version": "1.2.9"\n}\n',
    by: 'version-number certain',
    text: '{\n  "version": "1.2.10"\n}\n',
  },
  {
    title: 'a release is higher than its candidate',
    path: 'setup.cfg',
    base: 'version = 2.0.0.dev0\n',
    ours: 'version = 2.0.0rc1\n',
    theirs: 'version = 2.0.0\n',
    by: 'version-number certain',
    text: 'version = 2.0.0\n',
  },
  {
    title: 'each line has its higher version',
    path: 'requirements.txt',
    base: 'a==1.0\nb==1.0\n',
    ours: 'a==1.1\nb==1.2\n',
    theirs: 'a==1.2\nb==1.1\n',
    by: 'version-number certain',
    text: 'a==1.2\nb==1.2\n',
  },
  {
    title: 'a version that code declares',
    path: 'src/a/__init__.py',
    base: '__version__ = "3.1.2.dev0"\n',
    ours: '__version__ = "3.2.0.dev0"\n',
    theirs: '__version__ = "3.1.2"\n',
    by: 'version-number certain',
    text: '__version__ = "3.2.0.dev0"\n',
  },
  {
    title: 'a version of one number, and a candidate',
    path: '.github/workflows/test.yml',
    base: '- uses: a/b@v3\n- run: npx c@2.0.0\n',
    ours: '- uses: a/b@v4\n- run: npx c@3.0.0-0\n',
    theirs: '- uses: a/b@v3.1\n- run: npx c@2.1.0\n',
    by: 'version-number certain',
    text: '- uses: a/b@v4\n- run: npx c@3.0.0-0\n',
  },
  {
    title: 'a pinned commit goes with its version',
    path: '.github/workflows/test.yml',
    base: `- uses: a/b@${'0'.repeat(40)} # v1.0.0\n`,
    ours: `- uses: a/b@${'1'.repeat(40)} # v1.1.0\n`,
    theirs: `- uses: a/b@${'2'.repeat(40)} # v1.0.9\n`,
    by: 'version-number certain',
    text: `- uses: a/b@${'1'.repeat(40)} # v1.1.0\n`,
  },
  {
    title: 'in code a higher number is no better',
    path: 'a.py',
    base: 'limit = "1.0"\n',
    ours: 'limit = "1.1"\n',
    theirs: 'limit = "1.2"\n',
    by: null,
  },
  {
    title: 'one side put all that the other did, and more',
    path: 'a.md',
    base: '# a\n\n# b\n',
    ours: '# a\n\n- one\n- two\n\n# b\n',
    theirs: '# a\n\n- one\n- one and a half\n- two\n\n# b\n',
    by: 'contained-insertion likely',
    text: '# a\n\n- one\n- one and a half\n- two\n\n# b\n',
  },
  {
    title: 'one side made the change of the other, and more',
    path: 'a.js',
    base: 'one(1)\ntwo(2)\n',
    ours: 'one(1)\nsecond(2)\n',
    theirs: 'zero(0)\nsecond(2)\nthird(3)\n',
    by: 'contained-change likely',
    text: 'zero(0)\nsecond(2)\nthird(3)\n',
  },
  {
    title: 'what both took away is no reason to take more away',
    path: 'a.js',
    base: 'one(1)\ntwo(2)\nthree(3)\n',
    ours: 'one(1)\nthree(33)\n',
    theirs: 'three(3)\n',
    by: null,
  },
  {
    title: 'keys of a settings file',
    path: 'config.yaml',
    base: 'a: 1\nb: 2\n',
    ours: 'a: 1\nb: 3\n',
    theirs: 'a: 4\nb: 2\nc: 5\n',
    by: 'keyed-lines likely',
    text: 'a: 4\nb: 3\nc: 5\n',
  },
  {
    title: 'new keys of an ordered list are in order, whoever comes first',
    path: 'package.json',
    base: '    "b": "1",\n    "k": "1",\n',
    ours: '    "b": "1",\n    "i": "1",\n    "k": "2",\n',
    theirs: '    "a": "1",\n    "b": "1",\n    "c": "1",\n    "k": "1",\n',
    by: 'keyed-lines likely',
    text: '    "a": "1",\n    "b": "1",\n    "c": "1",\n    "i": "1",\n    "k": "2",\n',
  },
  {
    title: 'a new key of a list without an order is behind the one that it follows',
    path: 'config.yaml',
    base: 'host: a\nport: 1\nat: b\n',
    ours: 'host: a\nport: 2\nat: b\nzone: c\n',
    theirs: 'host: a\nport: 1\nuser: d\nat: e\n',
    by: 'keyed-lines likely',
    text: 'host: a\nport: 2\nuser: d\nat: e\nzone: c\n',
  },
  {
    title: 'a key that both changed is nobody’s to decide',
    path: 'config.yaml',
    base: 'name: one\n',
    ours: 'name: two or more\n',
    theirs: 'name: none at all\n',
    by: null,
  },
  {
    title: 'imports are a set',
    path: 'a.ts',
    base: "import { a } from 'a'\nimport { b } from 'b'\n",
    ours: "import { a } from 'a'\nimport { b } from 'b'\nimport { c } from 'c'\n",
    theirs: "import { a } from 'a'\nimport { d } from 'd'\n",
    by: 'import-lines likely',
    text: "import { a } from 'a'\nimport { c } from 'c'\nimport { d } from 'd'\n",
  },
  {
    title: 'imports that both went about in their own way',
    path: 'a.ts',
    base: "import { a } from 'a'\nimport { b } from 'b'\n",
    ours: "import { newA } from 'a'\nimport { b } from 'b'\n",
    theirs: "import { a } from 'a'\nimport { newB } from 'b'\n",
    by: null,
  },
  {
    title: 'names that both bring in from one place',
    path: 'a.ts',
    base: "import { b, c } from 'x'\n",
    ours: "import { a, b, c } from 'x'\n",
    theirs: "import { b, d } from 'x'\nimport e from 'y'\n",
    by: 'import-lines likely',
    text: "import { a, b, d } from 'x'\nimport e from 'y'\n",
  },
  {
    title: 'names that both bring in, in Python',
    path: 'a.py',
    base: 'from x import b\n',
    ours: 'from x import b, z\n',
    theirs: 'from x import a, b\n',
    by: 'import-lines likely',
    text: 'from x import a, b, z\n',
  },
  {
    title: 'a name that is brought in from two places in turn',
    path: 'a.ts',
    base: "import { a } from 'x'\n",
    ours: "import { a } from 'y'\n",
    theirs: "import { a, b } from 'x'\n",
    by: 'tokens-of-lines likely',
    text: "import { a, b } from 'y'\n",
  },
  {
    title: 'neighbouring lines',
    path: 'a.js',
    base: 'const width = read("width", 1)\nconst height = read("height", 1)\n',
    ours: 'const width = read("width", 2)\nconst height = read("height", 1)\n',
    theirs: 'const width = read("width", 1)\nconst height = read("height", 3)\n',
    by: 'adjacent-lines certain',
    text: 'const width = read("width", 2)\nconst height = read("height", 3)\n',
  },
  {
    title: 'elements that both added to a sorted list on one line',
    path: '.github/workflows/ci.yml',
    base: 'node: [8, 14, 16]\n',
    ours: 'node: [8, 14, 16, 18]\n',
    theirs: 'node: [14, 16, 20]\n',
    by: 'inline-lists likely',
    text: 'node: [14, 16, 18, 20]\n',
  },
  {
    title: 'a parameter that one side changed, and one that the other put behind it',
    path: 'a.py',
    base: 'def get(self, key):\n',
    ours: 'def get(self, key: str) -> Any:\n',
    theirs: 'def get(self, key, default=None):\n',
    by: 'inline-lists likely',
    text: 'def get(self, key: str, default=None) -> Any:\n',
  },
  {
    title: 'keys that both put at one place of a mapping within a list',
    path: 'a.js',
    base: 'serve(8080, { tls: true })\n',
    ours: 'serve(8080, { tls: true, timeout: 10 })\n',
    theirs: 'serve(8080, { tls: true, host: "x" })\n',
    by: 'inline-lists likely',
    text: 'serve(8080, { tls: true, timeout: 10, host: "x" })\n',
  },
  {
    title: 'arguments that both put at one place, of which either may be the second',
    path: 'a.js',
    base: 'send(body)\n',
    ours: 'send(body, status)\n',
    theirs: 'send(body, headers)\n',
    by: null,
  },
  {
    title: 'elements that both put at one place of a list that is in no order',
    path: 'a.js',
    base: "const methods = ['get', 'post', 'delete', 'all']\n",
    ours: "const methods = ['get', 'post', 'delete', 'all', 'patch']\n",
    theirs: "const methods = ['get', 'post', 'delete', 'all', 'head']\n",
    by: null,
  },
  {
    title: 'words of one line that do not touch',
    path: 'a.js',
    base: 'const area = measure(width, height, "cm")\n',
    ours: 'const area = measure(breadth, height, "cm")\n',
    theirs: 'const area = measure(width, height, "mm")\n',
    by: 'tokens-of-lines likely',
    text: 'const area = measure(breadth, height, "mm")\n',
  },
  {
    title: 'words that touch may belong together',
    path: 'a.d.ts',
    base: 'option(flags: string, description?: string, value?: string | boolean): this;\n',
    ours: 'option(flags: string, description?: string, value?: unknown): this;\n',
    theirs: 'option(flags: string, description?: string, value?: string | boolean | string[]): this;\n',
    by: null,
  },
  {
    title: 'the same put at two places would be there twice',
    path: 'a.py',
    base: 'def f(environment, attribute, postprocess=None):\n',
    ours: 'def f(environment, attribute, postprocess=None, default=None):\n',
    theirs: 'def f(environment, attribute, default=None, postprocess=None):\n',
    by: null,
  },
  {
    title: 'both put something of their own at one place',
    path: 'a.js',
    base: 'start()\nend()\n',
    ours: 'start()\nfunction one() {\n  return 1\n}\nend()\n',
    theirs: 'start()\nclass Two {\n  name = "two"\n}\nend()\n',
    by: 'both-insert likely',
    text: 'start()\nfunction one() {\n  return 1\n}\nclass Two {\n  name = "two"\n}\nend()\n',
  },
  {
    title: 'a branch is no name that both declare',
    path: 'a.py',
    base: 'start()\nend()\n',
    ours: 'start()\ntry:\n    load_settings(path)\nexcept OSError:\n    use_defaults()\nelse:\n    report()\nend()\n',
    theirs: 'start()\nwith lock:\n    refresh(cache)\nfor item in queue:\n    send(item)\nelse:\n    rest()\nend()\n',
    by: 'both-insert likely',
    text: 'start()\ntry:\n    load_settings(path)\nexcept OSError:\n    use_defaults()\nelse:\n    report()\nwith lock:\n    refresh(cache)\nfor item in queue:\n    send(item)\nelse:\n    rest()\nend()\n',
  },
  {
    title: 'a path is no name that both declare',
    path: 'a.rs',
    base: 'match kind {\n}\n',
    ours: 'match kind {\n    Kind::Circle => draw_circle(canvas),\n}\n',
    theirs: 'match kind {\n    Kind::Square => fill(square, ink),\n}\n',
    by: 'both-insert likely',
    text: 'match kind {\n    Kind::Circle => draw_circle(canvas),\n    Kind::Square => fill(square, ink),\n}\n',
  },
  {
    title: 'what is called alike inside two blocks does no harm',
    path: 'a.test.js',
    base: 'start()\nend()\n',
    ours: "start()\ntest('one thing', () => {\n  const result = first(1)\n  check(result)\n})\nend()\n",
    theirs: "start()\ntest('another', async () => {\n  const result = await second()\n  expect(2)\n})\nend()\n",
    by: 'both-insert likely',
    text: "start()\ntest('one thing', () => {\n  const result = first(1)\n  check(result)\n})\ntest('another', async () => {\n  const result = await second()\n  expect(2)\n})\nend()\n",
  },
  {
    title: 'both declare the same name',
    path: 'a.js',
    base: 'start()\nend()\n',
    ours: 'start()\nfunction one() {\n  return 1\n}\nend()\n',
    theirs: 'start()\nconst one = () => 2 + 2\nend()\n',
    by: null,
  },
  {
    title: 'what the file says again and again makes no two things one',
    path: 'a.test.js',
    base: "test('a', () => {\n  const program = new Program()\n  check(program)\n})\n",
    ours: "test('a', () => {\n  const program = new Program()\n  check(program)\n})\ntest('b', () => {\n  const program = new Program()\n  check(program)\n  hook(program)\n})\n",
    theirs:
      "test('a', () => {\n  const program = new Program()\n  check(program)\n})\ntest('c', () => {\n  const program = new Program()\n  check(program)\n  option(1)\n})\n",
    by: 'both-insert likely',
    text: "test('a', () => {\n  const program = new Program()\n  check(program)\n})\ntest('b', () => {\n  const program = new Program()\n  check(program)\n  hook(program)\n})\ntest('c', () => {\n  const program = new Program()\n  check(program)\n  option(1)\n})\n",
  },
  {
    title: 'entries of a list that everybody adds to',
    path: 'CHANGELOG.md',
    base: '# a\n\n## 1.0\n',
    ours: '# a\n\n- Parse quoted names\n\n## 1.0\n',
    theirs: '# a\n\n- Write less to the log\n\n## 1.0\n',
    by: 'both-insert certain',
    text: '# a\n\n- Parse quoted names\n- Write less to the log\n\n## 1.0\n',
  },
  {
    title: 'one says in other words only what the other says as well',
    path: 'a.py',
    base: 'start()\nend()\n',
    ours: "start()\ndefault = options.pop('default', None)\nend()\n",
    theirs: "start()\nif 'default' in options and None:\n    default = options.pop('default')\nend()\n",
    by: null,
  },
  {
    title: 'half a block is put by one',
    path: 'a.js',
    base: 'start()\nend()\n',
    ours: 'start()\nif (a) {\nend()\n',
    theirs: 'start()\nstop(1)\nend()\n',
    by: null,
  },
  {
    title: 'a lock file is made again, never merged',
    path: 'package-lock.json',
    base: '{\n  "version": "1.2.0"\n}\n',
    ours: '{\n  "version": "1.2.1"\n}\n',
    theirs: '{\n  "version": "1.2.2"\n}\n',
    by: null,
  },
  {
    title: 'line ends of Windows stay',
    path: 'a.js',
    base: 'one\r\ntwo\r\n',
    ours: 'one\r\nfunction f() {}\r\ntwo\r\n',
    theirs: 'one\r\nconst last = 5\r\ntwo\r\n',
    by: 'both-insert likely',
    text: 'one\r\nfunction f() {}\r\nconst last = 5\r\ntwo\r\n',
  },
  {
    title: 'a last line without an end gets one when it is the last no more',
    path: 'a.txt',
    base: 'one\n',
    ours: 'one\nnew by ours',
    theirs: 'one\nsomething else entirely: theirs',
    by: 'both-insert likely',
    text: 'one\nnew by ours\nsomething else entirely: theirs',
  },
]

for (const one of cases) {
  void t.test(`${one.title}${one.by === null ? ': left to people' : ''}`, (t) => {
    const resolution = resolved(one)
    if (one.by === null || resolution.how === 'left') {
      t.match(resolution, { how: one.by === null ? 'left' : 'resolved' })
      return void t.end()
    }
    t.equal(resolution.text, one.text)
    const [chunk] = resolution.chunks
    t.match(`${chunk?.resolver} ${chunk?.grade}`, one.by)
    t.match(chunk, { evidence: /./, line: Number, lines: Number })
    t.end()
  })

  if (one.by === null) continue
  const [name = ''] = one.by.split(' ')
  void t.test(`${one.title}: it can be turned off, and is never less sure than allowed`, (t) => {
    const without = resolved(one, 'likely', [name])
    t.not(without.how === 'resolved' && without.chunks[0]?.resolver, name)
    const sure = resolved(one, 'certain')
    t.ok(sure.how === 'left' || sure.chunks.every(({ grade }) => grade === 'certain'))
    t.end()
  })
}

const settled = (one: Partial<Case>, upTo: Grade = 'likely') => {
  const resolution = resolved({ title: '', path: 'a.md', base: '', ours: '', theirs: '', by: null, ...one }, upTo)
  return resolution.how === 'resolved' ? resolution.text : null
}

void t.test('what only a check can confirm is tried where it is allowed, after all that is surer', (t) => {
  const anew = {
    path: 'a.js',
    base: 'f(a)\n',
    ours: 'start\nhalf(b) {\nf(a)\n',
    theirs: 'entirely = something + else\n',
  }
  t.equal(settled(anew), null)
  t.equal(settled(anew, 'checked'), 'start\nhalf(b) {\nentirely = something + else\n')
  const version = { path: 'a.py', base: 'x = "1.0"\n', ours: 'x = "1.1"\n', theirs: 'x = "1.2"\n' }
  t.equal(settled(version), null)
  t.equal(settled(version, 'checked'), 'x = "1.2"\n')
  const both = { path: 'a.js', base: '', ours: 'half(a) {\n', theirs: 'other words\n' }
  t.equal(settled(both), null)
  t.equal(settled(both, 'checked'), 'half(a) {\nother words\n')
  for (const one of cases) {
    const likely = resolved(one)
    if (likely.how === 'resolved') t.same(resolved(one, 'checked'), likely, one.title)
  }
  t.end()
})

void t.test('white space that may mean something is no mere white space', (t) => {
  const both: readonly (readonly [string, string, string, string, string | null])[] = [
    ['a.json', '{"k": "Log in"}\n', '{"k": "Login"}\n', '{"k2": "Log in"}\n', '{"k2": "Login"}\n'],
    ['a.py', 'print("a b")\n', 'print("ab")\n', 'log("a b")\n', 'log("ab")\n'],
    ['a.js', 'sep = ","\n', 'sep = ", "\n', 'let sep = ","\n', 'let sep = ", "\n'],
    ['a.js', 'x = a - -b\n', 'x = a --b\n', 'y = a - -b\n', 'y = a --b\n'],
    ['a.sh', 'rm -rf x/tmp\n', 'rm -rf x /tmp\n', 'sudo rm -rf x/tmp\n', 'sudo rm -rf x /tmp\n'],
    ['a.css', 'ul .a { }\n', 'ul.a { }\n', 'ol .a { }\n', null],
    ['a.csv', 'a b,c\n', 'ab,c\n', 'a b,d\n', null],
    ['Makefile', 'all:\n        cc a.c\n', 'all:\n\tcc a.c\n', 'all:\n        cc -O2 a.c\n', 'all:\n\tcc -O2 a.c\n'],
  ]
  for (const [path, base, ours, theirs, whole] of both)
    for (const one of [
      { path, base, ours, theirs },
      { path, base, ours: theirs, theirs: ours },
    ]) {
      t.equal(settled(one, 'certain'), null, path)
      t.equal(settled(one), whole, path)
    }
  for (const path of ['a.pyx', 'a.nim', 'a.sass', 'a.rst', 'a.pug', 'a.hs', 'a.yaml']) {
    const dedented = { base: 'if a\n  b\n  c\nd\n', ours: 'if a\n  b\nc\nd\n', theirs: 'if a\n  b\n  c 1\nd\n' }
    t.equal(settled({ path, ...dedented }), 'if a\n  b\nc 1\nd\n', path)
  }
  t.equal(
    settled({ base: 'f( a,"b" )\n', ours: 'f(a, "b")\n', theirs: 'g( a,"b" )\n', path: 'a.c' }, 'certain'),
    'g( a,"b" )\n',
  )
  t.equal(settled({ base: 'a  b\n', ours: 'a b\n', theirs: 'a  c\n', path: 'a.sh' }, 'certain'), 'a  c\n')
  t.end()
})

/** What comes of a line on which each version has its own number. */
const numbered = (path: string, line: string, [base, ours, theirs]: readonly [string, string, string]) => {
  const of = (number: string): string => `${line.replace('%', number)}\n`
  return settled({ path, base: of(base), ours: of(ours), theirs: of(theirs) }, 'certain')
}

void t.test('a number is a version only where its form, its key or its file says so', (t) => {
  const others = [
    ['a.json', '  "threshold": %'],
    ['a.yaml', 'learning_rate: %'],
    ['a.yaml', 'cpus: "%"'],
    ['a.toml', 'timeout = %'],
    ['a.ini', 'conversion = %'],
    ['.env', 'STAGE=%'],
    ['a.js', 'const conversion = %'],
    ['package.json', '  "branches": %'],
    ['CHANGELOG.md', '- Parsing is % times as fast'],
  ] as const
  for (const [path, line] of others) t.equal(numbered(path, line, ['0.8', '0.75', '0.9']), null, line)
  const addresses = [
    ['deploy.yml', 'host: %'],
    ['a.json', '"url": "http://%:80/"'],
    ['requirements.txt', '# from %'],
  ] as const
  for (const [path, line] of addresses) {
    t.equal(numbered(path, line, ['10.0.0.1', '10.0.0.7', '10.0.1.2']), null, line)
    t.equal(numbered(path, line, ['8.8.0.1', '8.8.0.7', '8.8.1.2']), null, line)
  }
  t.equal(numbered('a.json', '"version": "%"', ['1.2.0.1', '1.2.0.7', '1.2.1.2']), '"version": "1.2.1.2"\n')
  const versions = [
    ['a.yml', 'image: foo/bar:%'],
    ['a.yml', 'appVersion: %'],
    ['.env', 'NODE_VERSION=%'],
    ['requirements/dev.txt', 'a==%'],
    ['Cargo.toml', 'serde = { version = "%", features = ["a"] }'],
    ['Cargo.toml', 'serde = "%"'],
    ['go.mod', 'go %'],
    ['go.mod', 'require a.b/c v%'],
    ['package.json', '"a": "^%",'],
    ['package.json', '"a": ">= %",'],
    ['setup.py', "  'a>=%,<3',"],
    ['pom.xml', '<a.version>%</a.version>'],
    ['Gemfile', "gem 'a', '~> %'"],
    ['VERSION', '%'],
    ['.python-version', '%'],
    ['Dockerfile', 'FROM a/b:%-slim'],
    ['CHANGELOG.md', '## %'],
    ['CHANGES.rst', 'Version %'],
    ['.github/workflows/a.yml', 'python: ["%"]'],
    ['.github/workflows/a.yml', '- uses: a/b@v%'],
    ['src/version.ts', "export const appVersion = '%'"],
    ['build.gradle', "implementation 'a.b:c:%'"],
    ['.pre-commit-config.yaml', 'rev: %'],
  ] as const
  for (const [path, line] of versions)
    t.equal(numbered(path, line, ['1.2', '1.3', '1.10']), `${line.replace('%', '1.10')}\n`, line)
  t.equal(numbered('a.yaml', 'needs: %', ['1.2.0', '1.3.0', '1.10.0']), 'needs: 1.10.0\n')
  t.end()
})

/** Lines that give a version its name, whoever of the two is ours. */
function versionsEitherWay(
  versions: readonly [string, string, string],
): readonly (readonly [string, string, string])[] {
  const [base, one, other] = versions.map((version) => `version = "${version}"\n`) as [string, string, string]
  return [
    [base, one, other],
    [base, other, one],
  ]
}

void t.test('a version that goes on with another part than the higher one, or goes back, is not lost', (t) => {
  const of = (path: string, versions: readonly [string, string, string], upTo: Grade) =>
    versionsEitherWay(versions).map(([base, ours, theirs]) => settled({ path, base, ours, theirs }, upTo))
  const byParts = [
    ['setup.cfg', ['16.0.1.2.0', '17.0.1.2.0', '16.0.1.3.0'], '17.0.1.3.0'],
    ['package.json', ['^1.4.2', '^2.4.2', '^1.4.3'], '^2.4.3'],
    ['a.ini', ['v1.0.9.1', 'v2.0.9.1', 'v1.1.0.0'], 'v2.1.0.0'],
  ] as const
  for (const [path, versions, whole] of byParts) {
    t.same(of(path, versions, 'certain'), [null, null], versions[1])
    t.same(of(path, versions, 'likely'), [`version = "${whole}"\n`, `version = "${whole}"\n`], versions[1])
  }
  const higher = [
    ['1.4.2', '2.0.0', '1.4.3'],
    ['1.4.2', '1.5.1', '1.4.3'],
    ['16.0.1.2.0', '17.0.0.0.0', '16.0.1.3.0'],
    ['16.0.1.2.0', '17.0.1.3.0', '16.0.1.3.0'],
    ['1.4', '2.4', '1.5'],
    ['1.4.2-rc.1', '2.4.2-rc.1', '1.4.3'],
  ] as const
  for (const [base, high, low] of higher) {
    const whole = `version = "${high}"\n`
    t.same(of('setup.cfg', [base, high, low], 'certain'), [whole, whole], high)
  }
  const unsure = [
    ['1.7.0', '1.8.0', '1.6.0'],
    ['16.0.1.5.0', '17.0.1.2.0', '16.0.1.6.0'],
  ] as const
  for (const [base, high, low] of unsure) {
    const whole = `version = "${high}"\n`
    t.same(of('setup.cfg', [base, high, low], 'likely'), [null, null], high)
    t.same(of('setup.cfg', [base, high, low], 'checked'), [whole, whole], high)
  }
  const pinned = {
    path: 'requirements.txt',
    base: 'a==2.0\nb==1.0\n',
    ours: 'a==1.9\nb==1.1\n',
    theirs: 'a==2.0\nb==1.2\n',
  }
  t.equal(settled(pinned, 'certain'), 'a==1.9\nb==1.2\n', 'what one side alone put back stays so')
  t.end()
})

void t.test('a version that both raised beside other words is merged by itself, where checks pass', (t) => {
  const text = (name: string, version: string): string => `{\n  'name': '${name}',\n  'version': '${version}',\n}\n`
  const [base, ours, theirs] = [
    text('Maps', '16.0.1.0.0'),
    text('Maps and more', '17.0.1.0.0'),
    text('Maps', '16.0.1.1.0'),
  ]
  const both = text('Maps and more', '17.0.1.1.0')
  for (const sides of [
    { ours, theirs },
    { ours: theirs, theirs: ours },
  ]) {
    t.equal(settled({ path: 'a.py', base, ...sides }, 'checked'), both)
    t.equal(settled({ path: 'a.py', base, ...sides }), null)
  }
  const others = [
    [text('Maps', '1.2.0'), text('Charts', '1.3.0'), text('Plans', '1.4.0')],
    ['run(1.25, wide)\n', 'run(1.5, wide, deep)\n', 'run(2.5, wide)\n'],
    ['a==1.2.0 wide\n', 'b==1.3.0 wide\n', 'a==1.4.0 wide\n'],
  ] as const
  for (const [was, one, other] of others) {
    t.equal(settled({ path: 'a.py', base: was, ours: one, theirs: other }, 'checked'), null, was)
    t.equal(settled({ path: 'a.py', base: was, ours: other, theirs: one }, 'checked'), null, was)
  }
  t.end()
})

/** What comes of a conflict, whoever of the two is ours. */
const settledEitherWay = (path: string, [base, ours, theirs]: readonly [string, string, string]) => [
  settled({ path, base, ours, theirs }),
  settled({ path, base, ours: theirs, theirs: ours }),
]

/** Of what both put behind the base, the first comes first whoever put it there. */
function comesInOrder(t: Test, path: string, [base, first, last]: readonly [string, string, string]): void {
  const whole = base + first + last
  t.same(settledEitherWay(path, [base, base + last, base + first]), [whole, whole], whole)
}

void t.test('what both put at one place stays with what it belongs to', (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['a.py', 'for i in x:\n    a(i)\n', 'cleanup(x)\n', '    notify(i)\n'],
    ['a.py', 'class A:\n    a = 1\n', '\nclass B:\n    """\nof b\n    """\n', '\n    def f(self):\n        pass\n'],
    ['a.pyx', 'for i in x:\n    a(i)\n', 'cleanup(x)\n', '    notify(i)\n'],
    ['ci.yml', 'jobs:\n  a:\n    runs-on: u\n', '  b:\n    needs: a\n', '    timeout: 5\n'],
    ['a.yaml', 'a:\n  x: 1\n', 'b:\n  y: 1\n', '  z: 1\n'],
    ['a.yaml', 'a:\n  - one\n', 'b: two\n', '  - three\n'],
    ['a.yaml', 'a:\n- one\n', 'b: two\n', '- three\n'],
    ['a.toml', '[a]\nx = 1\n', '\n[b]\ny = 1\n', 'z = 1\n'],
    ['a.ini', '[a]\nx = 1\n', '\n[b]\ny = 1\n', 'z = 1\n'],
    ['a.md', '# A\n\nfirst\n', '\n# B\n\n```sh\n# other words\n```\n', '\nsecond one\n'],
    ['a.md', '# A\n\nfirst\n', '\n# B\n\nother words\n', '\n## Below\n\n```sh\n# second one\n```\n'],
    ['a.md', '- first\n', '- other words\n', '  - second one\n'],
    ['a.rst', 'A\n=\n\nfirst\n', '\nB B\n===\n\nother words\n', '\nsecond one\n'],
  ]
  for (const [path, base, last, first] of cases) comesInOrder(t, path, [base, first, last])
  const keys = ['a:\n  b: 1\nc: 2\n', 'a:\n  b: 1\n  d: 3\nc: 2\n', 'a:\n  b: 1\ne: 4\nc: 2\n'] as const
  const whole = 'a:\n  b: 1\n  d: 3\ne: 4\nc: 2\n'
  t.same(settledEitherWay('a.yaml', keys), [whole, whole])
  const both = ['a:\n  x: 1\n', 'a:\n  x: 1\n  y: 1\nb:\n  y: 2\n', 'a:\n  x: 1\n  z: 1\nc:\n  z: 2\n'] as const
  t.same(settledEitherWay('a.yaml', both), [null, null], 'where either would come under the other’s')
  t.end()
})

void t.test('a result whose lines are indented as none may be goes back to conflict', (t) => {
  const body = '        first(x)\n        second(x)\n'
  const python = (lines: string): string => `def f(x):\n${lines}    return 1\n`
  const versions = [
    python(`    if x:\n${body}`),
    python(body.replaceAll('        ', '    ')),
    python(`    if x:\n${body}        notify(x)\n`),
  ] as const
  t.same(settledEitherWay('a.py', versions), [null, null])
  const [base = '', ours = '', theirs = ''] = versions.map((text) => `${text}  odd()\n`)
  t.ok(settled({ path: 'a.py', base, ours, theirs }), 'unless a side’s were before')
  const steps = (lines: string): string => `a:\n  one: f(1)\n${lines}z: 1\n`
  const yaml = [
    steps('  b:\n    c: g(2)\n    d: h(3)\n'),
    steps('  c: g(2)\n  d: h(3)\n'),
    steps('  b:\n    c: g(2)\n    d: h(3)\n    e: i(4)\n'),
  ] as const
  t.same(settledEitherWay('a.yaml', yaml), [null, null])
  t.end()
})

void t.test('what Python and YAML may look like is not taken for wrong', (t) => {
  const python = [
    'def f(\n  a,\n):\n    """one\nat the edge: \n    """\n    x = [\n  1,\n]  # :\n    if a and \\\n  b:\n\treturn\n',
    "x = {'a':\n  1}\nclass A: pass\n# one\n    # another\nif x: # why\n  y = '''\nno\n  '''\nelse:\n        z = \"#\"\n",
  ]
  for (const text of python) t.ok(isWellIndented(text), text)
  for (const text of ['a\n  b\n', 'if a:\nb\n', 'if a:\n    b\n  c\n', 'if (a\n    ):\nb\n'])
    t.notOk(isWellIndented(text), text)
  const yaml = [
    '# a\na:\n- b: 1\n  c: |\n    any:\n      thing\n   at all: 1\n  d: [1,\n  2]\n-\n  e: &x\n    f: 1\ng: plain\n  goes on\n---\n    h: 1\n',
    'a:\n  - - b\n    - c: "x: y"\n      d: >-\n\n        text\n  - e\n{{ if }}\nf: !tag\n  g: {h: 1}\n',
  ]
  for (const text of yaml) t.ok(isWellNested(text), text)
  for (const text of ['a: 1\n  b: 2\n', 'a:\n    b: 1\n  c: 2\n', '- a\nb: 1\n', 'a: 1\n- b\n', 'a: b\n  - c\n'])
    t.notOk(isWellNested(text), text)
  t.end()
})

void t.test('nothing is put behind the arm that takes whatever is left, and an else stays with its if', (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['a.c', 'case A:\n  a();\n  break;\n', 'case C:\n  c(1);\n  break;\n', 'default:\n  die();\n'],
    ['a.rs', '    A => 1,\n', '    C if y => three(),\n', '    _ => 2,\n'],
    ['a.py', 'if a:\n    one(1)\n', 'elif b:\n    third(3)\n', 'else:\n    other(2)\n'],
    ['a.py', 'if a:\n    one(1)\n', 'else:\n    other(2)\n', 'third(3)\n'],
    ['a.rb', 'if a\n    one(1)\n', '    third(3)\n', 'else\n    other(2)\n'],
    ['a.js', 'function f() {\n  one(1)\n', '  third(3)\n', '  other(2)\n  return total\n'],
    ['a.py', 'def f():\n    one(1)\n', '    third(3)\n', '    raise Wrong(other)\n'],
    ['a.go', '\tfor {\n\t\tone(1)\n', '\t\tthird(3)\n', '\t\tcontinue\n'],
  ]
  for (const [path, ...parts] of cases) comesInOrder(t, path, parts)
  const ends = ['', '  return one\n', '  throw new Error(other)\n'] as const
  t.same(settledEitherWay('a.js', ends), [null, null], 'either would be the end')
  const free = [
    ['a.c', '  case A:\n  return one(1);\n', '  case B:\n  return other(2);\n'],
    ['a.rb', '  return one if a\n', '  raise Other unless b\n'],
    ['a.py', '    return one\n\n\ndef g():\n    third(3)\n', '\n\ndef h():\n    other(2)\n'],
  ] as const
  for (const [path, one, other] of free)
    t.same(settledEitherWay(path, ['', one, other]).includes(one + other), true, one)
  const base = 'if z\n    zero(0)\nelse\n    none()\nend\n'
  const own = [base.replace('zero', 'one').replace('z', 'a'), base.replace('none', 'all').replace('z', 'b')] as const
  const versions = [base, base + own[0], base + own[1]] as const
  t.same(settledEitherWay('a.rb', versions), [base + own[0] + own[1], base + own[1] + own[0]], 'each its own')
  t.end()
})

void t.test(
  'a comment, a decorator or an attribute stays with what it was put on, and two of them on one are left',
  (t) => {
    const cases: readonly (readonly [string, string, string, string])[] = [
      ['a.rs', 'use x;\n\n', 'fn fresh() {\n    second()\n}\n\n', '#[inline]\n'],
      ['A.java', 'class A {\n', '    int fresh() {\n        return 2;\n    }\n\n', '    @Named("b")\n'],
      ['A.cs', 'class A {\n', '    int Fresh() => 2;\n\n', '    [Obsolete("b")]\n'],
      ['a.php', 'use X;\n\n', 'function fresh() {\n    second();\n}\n\n', '/** Loads. */\n'],
      ['a.rb', 'require "x"\n\n', 'def fresh\n  second(2)\nend\n\n', '# Loads.\n'],
      ['a.vim', 'set number\n\n', 'function! Fresh()\n  call Second()\nendfunction\n\n', '" Loads.\n'],
      ['a.el', '(load "x")\n\n', '(defun fresh ()\n  (second 2))\n\n', ';; Loads.\n'],
      ['a.exs', 'import X\n\n', 'def fresh do\n  second(2)\nend\n\n', '# Loads.\n'],
      ['a.scss', '@use "x";\n\n', '.fresh {\n  color: red;\n}\n\n', '// Loads.\n'],
      ['a.py', 'import x\n\n\n', '# Loads.\n', '@cached\n'],
      ['A.kt', 'class A {\n', '    /** Loads. */\n', '    @Named("b")\n'],
    ]
    for (const [path, ...parts] of cases) comesInOrder(t, path, parts)
    const twice: readonly (readonly [string, string, string])[] = [
      ['a.py', '@login_required\n', '@app.route(\n    "/load"\n)\n'],
      ['a.ts', '/** Loads it. */\n', '/**\n * Reads the thing from disk.\n */\n'],
      ['a.go', '// Load loads it.\n', '// Load reads the thing from disk.\n'],
      ['a.rs', '#[derive(Clone)]\n', '#[must_use]\n'],
    ]
    for (const [path, ours, theirs] of twice) t.same(settledEitherWay(path, ['', ours, theirs]), [null, null], ours)
    const fields = ['', '  @Named("b") private Bar bar;\n', '  @Inject(other) private Baz baz;\n'] as const
    t.same(settledEitherWay('A.java', fields), [fields[1] + fields[2], fields[2] + fields[1]], 'each with its own')
    const behind = ['', '  int width; /* in columns */\n', '  char *name; /* as it is shown */\n'] as const
    t.same(settledEitherWay('a.c', behind), [behind[1] + behind[2], behind[2] + behind[1]], 'each behind its line')
    const closed = ['', '/* Loads\n   it. */\n', '/* Reads the thing\n   from disk. */\n'] as const
    t.same(settledEitherWay('a.c', closed), [null, null], 'of several lines')
    t.end()
  },
)

void t.test('two members of one number or word are left to people', (t) => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a.proto', '  string b = 2;\n', '  int32 c = 2;\n'],
    ['a.c', '  C = 3,\n', '  D = 3,\n'],
    ['a.go', '\tC Kind = 1 << 3\n', '\tD Kind = 1 << 3\n'],
    ['a.swift', "  case c = 'x'\n", "  case d = 'x'\n"],
    ['a.java', '  C(3),\n', '  D(3),\n'],
    ['a.h', '#define OP_C 3\n', '#define OP_D 3\n'],
    ['a.h', '#define FLAG_C (1 << 3)\n', '#define FLAG_D (1<<3)\n'],
  ]
  for (const [path, ours, theirs] of cases) {
    t.same(settledEitherWay(path, ['', ours, theirs]), [null, null], path)
    const other = theirs.replace(/\d(?=\)?[,;\n])|x/, '9')
    t.same(settledEitherWay(path, ['', ours, other]), [ours + other, other + ours], path)
  }
  const plain = ['', 'FIRST_LEVEL = 1\n', 'OTHER_MODE = 1\n'] as const
  t.same(settledEitherWay('a.py', plain), [plain[1] + plain[2], plain[2] + plain[1]])
  const sizes = ['', '#define BUFFER_SIZE 64\n', '#define NAME_LENGTH 64\n'] as const
  t.same(settledEitherWay('a.h', sizes), [sizes[1] + sizes[2], sizes[2] + sizes[1]], 'not of one family')
  const messages = ['', 'message A {\n  string b = 1;\n}\n', 'message B {\n  int32 c = 1;\n}\n'] as const
  t.same(settledEitherWay('a.proto', messages), [messages[1] + messages[2], messages[2] + messages[1]])
  t.end()
})

void t.test(
  'a name that both declare is left to people, in whatever words they do, and nothing else is taken for a name',
  (t) => {
    const same: readonly (readonly [string, string, string])[] = [
      ['a.h', '#define MAX_NAME 64\n', '#define MAX_NAME 128\n'],
      ['a.java', '  static final int RETRIES = 5;\n', '  static final long RETRIES = 70;\n'],
      ['a.java', '  private final Bar cache;\n', '  private final Map<String, Baz> cache;\n'],
      ['a.c', 'static const char *prefix = "one";\n', 'static const char *prefix = "other";\n'],
      ['a.c', 'int size(struct x *x)\n{\n\treturn x->size;\n}\n', 'int size(struct y *y)\n{\n\tother(y);\n}\n'],
      ['a.cs', '  public int Limit { get; set; }\n', '  public string Limit { get; init; }\n'],
      ['a.kt', 'val limit = 16\n', 'val limit = read()\n'],
      ['a.kt', 'fun limit(x: Int) = 16\n', 'fun limit(y: Long) = read()\n'],
      ['a.rs', '    Kind::B => two(),\n', '    Kind::B => third(3),\n'],
      ['a.rb', '  :b => 20,\n', '  :b => third(3),\n'],
      ['a.c', 'case B: return two();\n', 'case B: return third(3);\n'],
      ['a.sh', 'export LIMIT=5\n', 'export LIMIT=90\n'],
      ['a.sql', '  email TEXT UNIQUE,\n', '  Email VARCHAR(255) NOT NULL,\n'],
      ['a.sql', 'CREATE UNIQUE INDEX by_name ON a (b);\n', 'create index if not exists by_name on other (c);\n'],
      ['a.sql', 'ALTER TABLE a ADD COLUMN b TEXT;\n', 'ALTER TABLE a ADD COLUMN b VARCHAR(9) NOT NULL;\n'],
      ['Dockerfile', 'CMD ["node", "a.js"]\n', 'CMD ["npm", "start"]\n'],
      ['Dockerfile', 'WORKDIR /app\nRUN one\n', 'WORKDIR /srv\n'],
      ['compose.yml', '      - PORT=80\n', '      - PORT=8080\n'],
      ['a.kt', '  2 -> two()\n', '  2 -> third(3)\n'],
      ['a.py', 'p.add_argument("--limit", type=int)\n', 'p.add_argument("--limit", default=1)\n'],
      ['a.js', "  .option('--limit <n>', 'one')\n", "  .option('--limit <n>', other)\n"],
      ['A.java', '  case TWO -> two();\n', '  case TWO -> third(3);\n'],
      ['a.csproj', '  <Part Include="A" Version="1.0" />\n', '  <Part Include="A" Version="2.0" />\n'],
      ['a.html', '  <title>One</title>\n', '  <title>Other</title>\n'],
      ['a.py', '    """Load it."""\n', '    """Reads the thing from disk."""\n'],
    ]
    for (const [path, ours, theirs] of same) t.same(settledEitherWay(path, ['', ours, theirs]), [null, null], ours)
    const others: readonly (readonly [string, string, string])[] = [
      ['a.c', 'static const char *prefix = "one";\n', 'static const char *suffix = "other";\n'],
      ['a.rs', '    Kind::B => two(),\n', '    Kind::C(x) => third(x),\n'],
      ['a.rb', '  validates :name, length: 40\n', '  validates :email, uniqueness: true\n'],
      ['a.cpp', '  Registry::add("one", makeOne);\n', '  Registry::add("two", makeTwo);\n'],
      ['a.c', 'int size(struct x *x)\n{\n\treturn x->size;\n}\n', 'void clear(struct y *y)\n{\n\tother(y);\n}\n'],
      ['a.java', '  private final Bar bar;\n', '  private final Baz baz;\n'],
      ['a.sql', '  email TEXT UNIQUE,\n', '  phone VARCHAR(255) NOT NULL,\n'],
      ['a.sql', '  PRIMARY KEY (a),\n', '  FOREIGN KEY (c) REFERENCES other (d),\n'],
      ['a.sql', 'ALTER TABLE a ADD COLUMN b TEXT;\n', 'ALTER TABLE other ADD COLUMN b VARCHAR(9);\n'],
      ['Dockerfile', 'FROM a AS one\nWORKDIR /app\n', 'FROM b AS other\nWORKDIR /srv\n'],
      ['compose.yml', '      - PORT=80\n', '      - HOST=any\n'],
      ['a.kt', '  is Two -> two()\n', '  is Third -> third(3)\n'],
      ['a.py', 'p.add_argument("--limit", type=int)\n', 'p.add_argument("--other", default=1)\n'],
      ['a.js', "  .option('--limit <n>', 'one')\n", "  .argument('--limit <n>', other)\n"],
      ['a.csproj', '  <Part Include="A" Version="1.0" />\n', '  <Part Include="B" Version="2.0" />\n'],
      ['a.html', '  <li>One</li>\n', '  <li>Other</li>\n'],
    ]
    for (const [path, ours, theirs] of others)
      t.same(settledEitherWay(path, ['', ours, theirs]), [ours + theirs, theirs + ours], ours)
    t.end()
  },
)

void t.test('lines of a shell script are whole with the ends of their blocks, and arms with theirs', (t) => {
  const whole: readonly (readonly [string, string])[] = [
    ['  stop)\n    run halt\n    ;;\n', '  status)\n    show state\n    ;;\n'],
    ['  -q | --quiet) quiet=1 ;;\n', '  "a b") output=$(name 2) ;;\n'],
    ['if a; then\n  b\nfi\n', 'for c in d; do echo done if; done\n'],
  ]
  for (const [one, other] of whole) t.same(settledEitherWay('a.sh', ['', one, other]), [one + other, other + one], one)
  const half = [
    '  if a; then\n    b\n',
    '  stop)\n    run halt\n',
    'done\n',
    '  x=$(run one\n',
    '  stop) halt ;;\n  z)\n',
  ]
  for (const one of half) t.same(settledEitherWay('a.sh', ['', one, '  other thing\n']), [null, null], one)
  const same = ['', '  stop) run halt ;;\n', '  stop) show state ;;\n'] as const
  t.same(settledEitherWay('a.sh', same), [null, null], 'two arms of one pattern')
  t.end()
})

void t.test('what both put at the end of a list in JSON stays, whatever commas it takes', (t) => {
  const list = (...items: readonly unknown[]): string => pretty({ a: items, z: 1 })
  const keys = (...names: readonly string[]): string =>
    pretty(Object.fromEntries(names.map((name) => [name, { [`in ${name}`]: [name] }])))
  const cases: readonly (readonly [(...more: readonly string[]) => string, string])[] = [
    [(...more) => list('x', ...more), 'strings'],
    [(...more) => list({ x: 1 }, ...more.map((name) => ({ [name]: [name] }))), 'objects'],
    [(...more) => keys('x', ...more), 'keys'],
    [(...more) => keys('x', ...more).trimEnd(), 'keys at the end of the file'],
  ]
  for (const [of, what] of cases) {
    const versions = [of(), of('b'), of('c')] as const
    t.same(settledEitherWay('data.json', versions), [of('b', 'c'), of('c', 'b')], what)
    t.equal(settled({ path: 'data.json', base: of(), ours: of('b'), theirs: of('c') }, 'certain'), null)
  }
  const windows = (...more: readonly string[]): string => list('x', ...more).replaceAll('\n', '\r\n')
  t.equal(settledEitherWay('data.json', [windows(), windows('b'), windows('c')])[0], windows('b', 'c'))
  const twice = keys('x', 'b').replace('in b', 'otherwise')
  t.same(settledEitherWay('data.json', [keys('x'), keys('x', 'b'), twice]), [null, null], 'not one key twice')
  t.end()
})

void t.test('what both put alike stands once, what each put besides stands within', (t) => {
  const one = {
    base: '# News\n',
    ours: '# News\n\n## 2.0\n\n- Parse quoted names\n\n',
    theirs: '# News\n\n## 2.0\n\n- Write less to the log\n\n',
  }
  t.equal(settled(one), '# News\n\n## 2.0\n\n- Parse quoted names\n- Write less to the log\n\n')
  t.equal(settled(one, 'certain'), null)
  const block = (body: string): string => `function f() {\n  ${body}\n}\n`
  t.equal(settled({ path: 'a.js', ours: block('return one'), theirs: block('call(two, 2)') }), null, 'not in code')
  t.end()
})

void t.test('two guards against what may be one case are left to people', (t) => {
  const alike = [
    ['a.js', '  if (!user) return null\n', "  if (user == null) throw new TypeError('no user')\n"],
    ['a.py', '    if not user:\n        return\n', '    if user is None: raise ValueError("no")\n'],
    ['a.go', '\tif cfg == nil {\n\t\treturn nil\n\t}\n', '\tif nil == cfg {\n\t\tpanic(errNo)\n\t}\n'],
    ['a.ts', '  if (!a.b(c(1))) {\n    x()\n  }\n', '  if (a.b(c(1)) === undefined) return other\n'],
  ] as const
  for (const [path, ours, theirs] of alike) t.same(settledEitherWay(path, ['', ours, theirs]), [null, null], ours)
  const others = [
    ['a.js', "  if (kind === 'a') return one\n", "  if (kind === 'b') return two\n"],
    ['a.js', '  if (code === 404) return one\n', '  if (code === 500) return two\n'],
    ['a.go', '\tif e := a(); e != nil {\n\t\treturn e\n\t}\n', '\tif e := b(); e != nil {\n\t\tpanic(e)\n\t}\n'],
  ] as const
  for (const [path, ours, theirs] of others)
    t.same(settledEitherWay(path, ['', ours, theirs]), [ours + theirs, theirs + ours], ours)
  t.end()
})

void t.test('parameters that both put at one place, and callers tell by their place, are left to people', (t) => {
  const alike = [
    [
      'a.ts',
      '  constructor(\n    private readonly a: A,\n',
      '    private readonly b: B,\n',
      '    public c?: Map<string, C>,\n',
    ],
    ['a.js', 'function f(\n  a,\n', '  b,\n', '  c = 1,\n'],
    ['a.py', 'def f(\n    a,\n', '    b,\n', '    c: int,\n'],
  ] as const
  for (const [path, base, ours, theirs] of alike)
    t.same(settledEitherWay(path, [base, base + ours, base + theirs]), [null, null], ours)
  const others = [
    ['a.py', 'def f(\n    a,\n', '    b=1,\n', '    c: int = 2,\n'],
    ['a.js', 'all(\n  a(1),\n', '  b(2),\n', '  c(3),\n'],
    ['a.ts', 'all({\n', `  b: ${'b ? = '.repeat(99)}b\n`, `  c: ${'c = ? '.repeat(99)}c\n`],
    ['A.java', 'enum A {\n  ONE,\n', '  TWO,\n', '  TEN,\n'],
  ] as const
  for (const [path, base, ours, theirs] of others) {
    const both = [base + ours + theirs, base + theirs + ours]
    t.same(settledEitherWay(path, [base, base + ours, base + theirs]), both, ours)
  }
  t.end()
})

void t.test('items of a numbered list that both put count on', (t) => {
  const base = '1. one\n2. two\n'
  const [ours, theirs] = ['3. third thing\n   of many\n4. fourth thing\n', '3. other words\n'] as const
  const counted = [base + ours + '5. other words\n', base + theirs + ours.replace('4.', '5.').replace('3.', '4.')]
  t.same(settledEitherWay('a.md', [base, base + ours, base + theirs]), counted)
  const alike = ['1. one\n', '1. one\n1. third thing\n', '1. one\n1. other words\n'] as const
  t.equal(settledEitherWay('a.md', alike)[0], '1. one\n1. third thing\n1. other words\n', 'where nothing is counted')
  t.end()
})

void t.test('what may be one fault, mended where a value is made and where it is used, is left to people', (t) => {
  const average = 'const total = sum(list, (a, b) => a + b)\nreturn total / list.length\n'
  const parts = "const parts = text.split(',')\nreturn parts.map((part) => Number(part))\n"
  const name = 'const name = user.name\nreturn name.trim()\n'
  const twice = [
    [average, average.replace('a + b)', 'a + b, 0)'), average.replace('total /', 'list.length === 0 ? 0 : total /')],
    [parts, parts.replace("','", "',').map((one) => one.trim()"), parts.replace('(part))', '(part.trim()))')],
    [name, name.replace('user.name', "user.name ?? ''"), name.replace('name.trim()', "name?.trim() ?? ''")],
  ] as const
  for (const versions of twice) t.same(settledEitherWay('a.js', versions), [null, null], versions[0])
  const others = [
    [average, average.replace('sum', 'total').replace('a + b', 'b + a'), average.replace('.length', '.size')],
    [parts, parts.replace("','", "';'"), parts.replace('(part))', '(part.trim()))')],
  ] as const
  for (const [base, ours, theirs] of others) {
    const both = linesOf(ours)[0] ?? ''
    const text = both + (linesOf(theirs)[1] ?? '')
    t.same(settledEitherWay('a.js', [base, ours, theirs]), [text, text], base)
  }
  const list = 'const entry = ["a/main.ts", "b/entry.ts", "d.ts", "e.ts"]\n'
  const [first, last] = [list.replace('"b', '"more/entry.ts", "b'), list.replace(']', ', "more/last.ts"]')] as const
  const both = first.replace(']', ', "more/last.ts"]')
  t.same(settledEitherWay('a.js', [list, first, last]), [both, both], 'on one line are no two places')
  t.end()
})

void t.test(
  'lines that both switched by the signs of comments are left to people, for one may be meant instead of the other',
  (t) => {
    const base = '  // return first(key)\n  // if (has(key)) return second(key)\n'
    const [first, last] = linesOf(base) as [string, string]
    const on = (line: string): string => line.replace('// ', '')
    const both = [base, on(first) + last, first + on(last)] as const
    t.same(settledEitherWay('a.js', both), [null, null])
    t.equal(settled({ path: 'a.js', base, ours: both[1], theirs: both[2] }, 'checked'), on(first) + on(last))
    const instead = [on(first) + last, base, on(first) + on(last)] as const
    t.same(settledEitherWay('a.js', instead), [null, null], 'one off, the other on')
    const python = base.replaceAll('//', '#').replaceAll(';', '')
    t.same(settledEitherWay('a.py', [python, python.replace('# r', 'r'), python.replace('# i', 'i')]), [null, null])
    const off = [on(first) + on(last), first + on(last), on(first) + last] as const
    t.same(settledEitherWay('a.js', off), [base, base], 'both off')
    const other = [base, on(first) + last, first + last.replace('second', 'third')] as const
    const text = on(first) + last.replace('second', 'third')
    t.same(settledEitherWay('a.js', other), [text, text], 'one on, and other words in a comment')
    t.end()
  },
)

void t.test(
  'lines that one side only changed do not come back where the other, which changed some alike, took them away',
  (t) => {
    const line = (name: string, from: string): string => `import ${from}shapes.outlines.${name};\n`
    const text = (from: string, names: readonly string[]): string => names.map((name) => line(name, from)).join('')
    const all = ['Circle', 'Square', 'Triangle', 'Hexagon'] as const
    const fewer = [text('', all), text('drawing.', all), text('drawing.', ['Circle', 'Hexagon'])] as const
    t.same(settledEitherWay('a.kt', fewer), [null, null])
    const more = [text('', ['Circle']), text('drawing.', ['Circle']), text('drawing.', all)] as const
    t.same(settledEitherWay('a.kt', more), [more[2], more[2]], 'nothing was taken away without another in its place')
    const made = text('drawing.', ['Circle']) + 'sort(all)\n'
    const apart = [text('', all), text('drawing.', ['Circle']), made] as const
    t.same(settledEitherWay('a.kt', apart), [made, made], 'what else was put is no line that was there')
    t.end()
  },
)

void t.test('one thing that both put, each in its own way, does not stand twice even where checks pass', (t) => {
  const upToChecked = (path: string, [base, ours, theirs]: readonly [string, string, string]) => [
    settled({ path, base, ours, theirs }, 'checked'),
    settled({ path, base, ours: theirs, theirs: ours }, 'checked'),
  ]
  const once = [
    ['a.lua', '  path = "/home/one/tools",\n', '  path = "/opt/tools/all",\n'],
    ['a.swift', 'case .open:\n  return first(all)\n', 'case .open:\n  break\n'],
    ['a.js', 'module.exports = (a) => {\n  run(a)\n}\n', 'module.exports = (a) => {\n  run(a)\n};\n'],
    ['a.js', '/**\n * @param {Shape} shape to draw\n */\n', '/** @param {Shape} shape to draw */\n'],
    ['a.rb', '  has_many :pages\n  LIMIT = 3\n', '  has_many :pages\n  def cover\n\t\tpages.first\n\tend\n'],
    ['a.cs', '  Size m_size;\n  Size Size => m_size;\n', '  Size m_size;\n  Point m_at;\n  Point At => m_at;\n'],
  ] as const
  for (const [path, ours, theirs] of once) t.same(upToChecked(path, ['', ours, theirs]), [null, null], ours)
  const others = [
    ['a.js', '  {\n    role: ADMIN,\n    name: "users",\n  },\n', '  {\n    role: ADMIN,\n    name: "places",\n  },\n'],
    ['a.js', '  half(a) {\n  log(a)\n', '  half(b) {\n  log(a)\n'],
  ] as const
  for (const [path, ours, theirs] of others) {
    const base = 'start(\n  log(a)\n'
    const both = [base + ours + theirs, base + theirs + ours]
    t.same(upToChecked(path, [base, base + ours, base + theirs]), both, ours)
    t.same(settledEitherWay(path, [base, base + ours, base + theirs]), [null, null], ours)
  }
  t.end()
})

void t.test(
  'words that no side changed alike may be at odds all the same: they are left to people even where checks pass',
  (t) => {
    const atOdds = [
      ['a.js', 'first(1)\nsecond(2)\nthird(3)\n', 'first(1)\n// second(2)\n// third(3)\n', 'first(1)\nthird(3)\n'],
      [
        'a.rb',
        'title = read[:title]\nsize = read[:size]\n',
        'title = read[:title]\nsize = read[:size] || 0\n',
        'unless done\n  title = read[:title] || first\nend\n',
      ],
      [
        'a.txt',
        'a kind of lens (one) and glass (two) here\n',
        'a kind of (one) and glass (two) here\n',
        'a kind of lens (one) and glass lens (two) here\n',
      ],
      ['a.py', 'if wide and tall and deep:\n', 'if not wide and tall and deep:\n', 'if wide and tall or deep:\n'],
      ['a.js', 'if (wide && tall && deep) {\n', 'if (!wide && tall && deep) {\n', 'if (wide && tall || deep) {\n'],
      [
        'a.sh',
        'g++ -Wall -O2 -g a.cpp -o a\n',
        'g++ -Wall -O2 -g a.cpp -o a -lgl\n',
        `build=anew\n${'step with more words\n'.repeat(9)}g++ $flags -o a\n`,
      ],
    ] as const
    for (const [path, base, ours, theirs] of atOdds) {
      t.equal(settled({ path, base, ours, theirs }, 'checked'), null, base)
      t.equal(settled({ path, base, ours: theirs, theirs: ours }, 'checked'), null, base)
    }
    const twice = [
      'find -t d from all | sort\n',
      'find -x 4 -t d from all | sort\n',
      'find -t d -x 2 from all | sort\n',
    ] as const
    t.same(settledEitherWay('a.sh', twice), [null, null])
    const checked = settled({ path: 'a.sh', base: twice[0], ours: twice[1], theirs: twice[2] }, 'checked')
    t.equal(checked, 'find -x 4 -t d -x 2 from all | sort\n', 'an option may be given twice')
    const others = [
      [
        'a.js',
        'if (wide && tall && deep) {\n',
        'if (near && wide && tall && deep) {\n',
        'if (wide && tall && deep && open) {\n',
        'if (near && wide && tall && deep && open) {\n',
      ],
      [
        'a.sh',
        'find -t d from all | sort\n',
        'find -x 4 -t d from all | sort\n',
        'find -t d from all | sort -r\n',
        'find -x 4 -t d from all | sort -r\n',
      ],
      [
        'a.js',
        'let a = first(wide, tall)\nlet b = last(wide, tall)\n',
        'const a = first(wide, tall)\nconst b = last(wide, tall)\n',
        'let a = first(wide, tall)\nlet b = last(wide, 2 * tall)\n',
        'const a = first(wide, tall)\nconst b = last(wide, 2 * tall)\n',
      ],
    ] as const
    for (const [path, base, ours, theirs, both] of others)
      t.same(settledEitherWay(path, [base, ours, theirs]), [both, both], ours)
    t.end()
  },
)

void t.test('lines that one side took away and the other made comments of are gone, where checks pass', (t) => {
  const base = 'first(1)\nsecond(2)\nthird(3)\n'
  const off = base.replace('second', '// second').replace('third', '// third')
  const away = 'first(1)\n'
  const upToChecked = (one: string, other: string) => [
    settled({ path: 'a.js', base, ours: one, theirs: other }, 'checked'),
    settled({ path: 'a.js', base, ours: other, theirs: one }, 'checked'),
  ]
  t.same(upToChecked(off, away), [away, away])
  t.same(settledEitherWay('a.js', [base, off, away]), [null, null])
  for (const other of ['first(1)\nsecond(2, 3)\n', 'first(1)\nthird(3)\n'])
    t.same(upToChecked(off, other), [null, null], 'not all was taken away, or other lines were put')
  const more = off.replace('third(3)', 'third(3)\nfourth(4)')
  t.same(upToChecked(more, away), [null, null], 'more was put than comments')
  t.end()
})

void t.test('the line ends of a file are kept', (t) => {
  const windows = (text: string): string => text.replaceAll('\n', '\r\n')
  const [base, ours, theirs] = ['a\n', 'a\nours, new', 'a\nelse: by theirs']
  t.equal(
    settled({ base: windows(base), ours: windows(ours), theirs: windows(theirs) }),
    'a\r\nours, new\r\nelse: by theirs',
    'a line that was the last',
  )
  const lines = {
    base: 'read(a, 1)\nread(b, 1)\n',
    ours: 'read(a, 2)\nread(b, 1)\n',
    theirs: 'read(a, 1)\nread(b, 3)\n',
  }
  t.equal(
    settled({ ...lines, path: 'a.js', ours: windows(lines.ours) }),
    windows('read(a, 2)\nread(b, 3)\n'),
    'changed by one',
  )
  const noEnd = { ...lines, path: 'a.js', theirs: lines.theirs.trimEnd() }
  t.equal(settled(noEnd), 'read(a, 2)\nread(b, 3)', 'the end of the last line taken away by one')
  t.end()
})

void t.test('the last word of one line and the first of the next do not become one', (t) => {
  const base = 'b(2, x)\n\n  c = 3\n'
  const sides = { ours: '- item\n  c = 3\n', theirs: 'b(2, x)\na(1)\n- item\n' }
  t.notMatch(settled({ path: 'a.txt', base, ...sides }, 'checked'), 'itema')
  t.end()
})

void t.test('of equal words in a row nobody knows which one was put, and what may be beside it touches it', (t) => {
  const call = (...words: readonly string[]): string => `call(first, ${words.join(', ')}, third, fourth, fifth);\n`
  const touching = [call('NULL'), call('NULL', 'NULL'), call('zero', 'NULL')] as const
  t.same(settledEitherWay('a.c', touching), [null, null])
  const whole = 'call(first, zero, NULL, NULL, third, fourth, fifth);\n'
  t.equal(settled({ path: 'a.c', base: touching[0], ours: touching[1], theirs: touching[2] }, 'checked'), whole)
  const apart = [call('NULL'), call('NULL', 'NULL'), call('NULL').replace('fourth', 'fourth, zero')] as const
  const both = 'call(first, NULL, NULL, third, fourth, zero, fifth);\n'
  t.same(settledEitherWay('a.c', apart), [both, both], 'what is apart wherever it was put')
  t.end()
})

void t.test('no marker of a conflict comes out that did not come in', (t) => {
  const left = `start\n${'<'.repeat(7)} ours\n`
  const one = { base: 'start\n', ours: left, theirs: `start\n${'>'.repeat(7)} theirs\n` }
  t.equal(settled(one, 'checked'), null)
  const known = { base: 'start\n', ours: left, theirs: 'start\nother words\n' }
  t.match(settled(known, 'checked'), left, 'what a side wrote itself is its own')
  t.end()
})

const wordsByCount = (lines: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const word of lines.join('').match(/\w+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

void t.test('property: whatever word a side added is in the result, but for a version lower than another', (t) => {
  const line = fc.constantFrom(
    'a(1)',
    'b(2, x)',
    '  c = 3',
    'd: 4',
    '- item',
    'v = "1.2"',
    'v = "1.3"',
    '',
    '}',
    'f() {',
  )
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.map((one) => `${one}\n`).join(''))
  const path = fc.constantFrom('a.js', 'a.py', 'CHANGELOG.md', 'a.yaml', 'a.csv', 'package.json')
  const edit = fc.record({
    path,
    base: text,
    ours: text,
    theirs: text,
    upTo: fc.constantFrom<Grade>('certain', 'likely', 'checked'),
  })
  fc.assert(
    fc.property(edit, ({ path: name, base, ours, theirs, upTo }) => {
      const versions = { base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) }
      const text = { path: name, segments: mergeThreeWays(versions), ...versions }
      for (const [chunk, found] of resolveChunks(text, { upTo, off: [] }, null).found) {
        if (found === null || found.resolver === 'version-number') continue
        const [was, mine, other] = [chunk.base, chunk.ours, chunk.theirs].map(wordsByCount)
        const made = wordsByCount(found.lines)
        for (const [word, times] of [...(mine ?? []), ...(other ?? [])]) {
          const before = was?.get(word) ?? 0
          const added = Math.max(0, times - before)
          if (added > 0) t.ok((made.get(word) ?? 0) > 0, `${found.resolver} keeps ${word}`)
        }
      }
    }),
    { numRuns: 2000, seed: 1 },
  )
  t.end()
})

void t.test('texts of 20,000 lines that both wrote anew are answered soon', (t) => {
  const text = (of: (at: number) => string): string => Array.from({ length: 20_000 }, (_, at) => `${of(at)}\n`).join('')
  const anew = {
    base: text((at) => `old ${at}`),
    ours: text((at) => `new ${at} = f(${at})`),
    theirs: text((at) => `other: ${at}`),
  }
  const put = { ours: text((at) => `const a${at} = 1`), theirs: text((at) => `const b${at} = 2`) }
  const began = process.cpuUsage()
  t.equal(settled({ ...anew, path: 'a.js' }, 'likely'), null)
  t.equal(settled({ ...put, path: 'a.js' }), put.ours + put.theirs)
  const records = (of: string): string =>
    text((at) => ['{', `"id": "${of}${at}"`, `"value": "${of}${at}"`, '},'][at % 4] ?? '')
  t.equal(settled({ base: records('b'), ours: records('o'), theirs: records('t'), path: 'data.json' }), null)
  const { user } = process.cpuUsage(began)
  t.ok(user < 10_000_000, `${user / 1000} ms of a core`)
  t.end()
})

void t.test('no text has too many lines', async (t) => {
  const many = (of: string): string => Array.from({ length: 200_000 }, (_, at) => `${of} ${at}\n`).join('')
  const anew = { base: many('a'), ours: many('b'), theirs: many('c') }
  t.equal(settled({ ...anew, path: 'data.csv' }, 'likely'), null)
  const beside = { base: 'a\nz\n', ours: `${many('b')}z\n`, theirs: 'a\ny\n' }
  t.equal(settled({ ...beside, path: 'data.csv' }, 'checked'), `${many('b')}y\n`)
  const declared = { regenerate: [], keyed: [], union: ['*.csv'] }
  const both = { base: many('a'), ours: `${many('a')}${many('b')}`, theirs: `${many('a')}${many('c')}` }
  const policy: ResolverPolicy = { upTo: 'likely', off: [], declared }
  const { how, ...united } = resolveFile(conflictOf('data.csv', both), policy)
  t.equal(how, 'resolved')
  t.ok('text' in united && united.text === many('a') + many('b') + many('c'))
  const versions = `${many('1.0.0')}`.replaceAll('\n', ' ')
  const raised = { base: `${versions}1.0.0\n`, ours: `${versions}1.0.1\n`, theirs: `${versions}1.0.2\n` }
  t.equal(settled({ ...raised, path: 'pom.xml' }), raised.theirs)
  t.end()
})

void t.test('each resolver is tried here', (t) => {
  const tried = new Set(cases.flatMap(({ by }) => by?.split(' ')[0] ?? []))
  t.same([...tried].toSorted(), resolvers.map(({ name }) => name).toSorted())
  t.end()
})

void t.test('a file whose result cannot be right goes back to conflict', (t) => {
  const json = {
    title: '',
    path: 'a.json',
    base: '{\n  "a": [\n    1\n  ]\n}\n',
    ours: '{\n  "a": [\n    1,\n    2\n  ]\n}\n',
    theirs: '{\n  "a": [\n    1,\n    3\n  ]\n}\n',
    by: null,
  }
  const resolution = resolved(json)
  t.ok(resolution.how === 'left' || JSON.parse(resolution.text), 'never broken JSON')
  const twice = {
    title: '',
    path: 'a.py',
    base: 'def a():\n    return 1\n\nx = 1\n\ny = 2\n',
    ours: 'def a():\n    return 1\n\ndef helper(one):\n    return one\n\nx = 1\n\ny = 2\n',
    theirs: 'def a():\n    return 1\n\nx = 1\n\ndef helper(two, three):\n    pass\n\ny = 2\nz = 3\n',
    by: null,
  }
  t.match(
    mergeThreeWays({ base: linesOf(twice.base), ours: linesOf(twice.ours), theirs: linesOf(twice.theirs) }),
    Array,
  )
  t.end()
})

void t.test('what a package manager writes for itself is told by its name', async (t) => {
  const locks = [
    'Podfile.lock',
    'deno.lock',
    'gradle.lockfile',
    'a/packages.lock.json',
    'Package.resolved',
    'bun.lockb',
  ]
  for (const path of [...locks, 'go.sum', 'pnpm-lock.yaml', '.terraform.lock.hcl'])
    t.equal(fileFacts(path).kind, 'lock')
  const others = [
    'src/lock.ts',
    'block.json',
    '.github/workflows/lock.yml',
    'door-lock.json',
    'locks.yaml',
    'a.lock.ts',
  ]
  for (const path of others) t.not(fileFacts(path).kind, 'lock')
})
