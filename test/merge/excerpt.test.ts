import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { resolveText } from '../../src/merge/resolve-text.ts'
import { resolvers } from '../../src/merge/resolvers/registry.ts'
import { excerptOf, holdsAll, wholeChunk, wholeLines } from '../../src/merge/syntax/excerpt.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'
import type { Grammar } from '../../src/syntax/grammar.ts'
import { loadParser } from '../../src/syntax/parser.ts'

const parse = loadParser()

interface Texts {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

const mergeOf = ({ base, ours, theirs }: Texts) => {
  const versions = { base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) }
  return { segments: mergeThreeWays(versions), ...versions }
}

/** Resolves as a run does, and tells how long the texts were that were parsed. */
function resolved(path: string, texts: Texts, off: readonly string[] = []) {
  const lengths: number[] = []
  const reading = (grammar: Grammar, text: string) => {
    lengths.push(text.length)
    return parse(grammar, text)
  }
  const resolution = resolveText({ path, ...mergeOf(texts) }, { upTo: 'likely', off }, reading)
  return { resolution, longest: Math.max(0, ...lengths) }
}

const byRules = resolvers.map(({ name }) => name)

/** Much that nobody changes, in some language. */
const ballast: Readonly<Record<string, string>> = {
  js: many(
    (n) =>
      `/**\n * Tells ${n}.\n */\nfunction filler${n}(a) {\n  if (a) {\n    return { a: ${n} }\n  }\n  return a\n}\n\n`,
  ),
  py: many(
    (n) => `def filler${n}(a):\n    """Tells: ${n}."""\n    if a:\n        return {"a": ${n}}\n\n    return a\n\n\n`,
  ),
  go: many((n) => `func filler${n}(a int) int {\n\tif a > 0 {\n\t\treturn ${n}\n\t}\n\treturn a\n}\n\n`),
}

function many(text: (n: number) => string): string {
  return Array.from({ length: 90 }, (_, n) => text(n)).join('')
}

const around = (texts: Texts, before: string, after: string): Texts => ({
  base: before + texts.base + after,
  ours: before + texts.ours + after,
  theirs: before + texts.theirs + after,
})

const conflicts: readonly (Texts & { readonly path: string; readonly text: string })[] = [
  {
    path: 'a.js',
    base: 'class A {\n  one() {\n    return 1\n  }\n}\n\n',
    ours: 'class A {\n  one() {\n    return 1\n  }\n\n  two() {\n    return 2\n  }\n}\n\n',
    theirs: 'class A {\n  one() {\n    return 1\n  }\n\n  /** Three. */\n  three(a) {\n    return a\n  }\n}\n\n',
    text: 'class A {\n  one() {\n    return 1\n  }\n\n  two() {\n    return 2\n  }\n\n  /** Three. */\n  three(a) {\n    return a\n  }\n}\n\n',
  },
  {
    path: 'a.js',
    base: '',
    ours: 'function one() {\n  return 1\n}\n\n',
    theirs: 'function two() {\n  return 2\n}\n\n',
    text: 'function one() {\n  return 1\n}\n\nfunction two() {\n  return 2\n}\n\n',
  },
  {
    path: 'a.py',
    base: 'call(\n    a=1,\n)\n\n\n',
    ours: 'call(\n    a=1,\n    b=2,\n)\n\n\n',
    theirs: 'call(\n    a=3,\n    c=4,\n)\n\n\n',
    text: 'call(\n    a=3,\n    b=2,\n    c=4,\n)\n\n\n',
  },
  {
    path: 'a.go',
    base: 'type T struct {\n\ta int\n}\n\n',
    ours: 'type T struct {\n\ta int\n\tb int\n}\n\n',
    theirs: 'type T struct {\n\ta string\n\tc int\n}\n\n',
    text: 'type T struct {\n\ta string\n\tb int\n\tc int\n}\n\n',
  },
]

/** The lines of a result that a chunk came to. */
const linesOfChunk = (text: string, { line, lines }: { readonly line: number; readonly lines: number }): string =>
  linesOf(text)
    .slice(line - 1, line - 1 + lines)
    .join('')

for (const { path, text, ...texts } of conflicts) {
  void t.test(`${path}: of a long text little is read, and it comes out as a short one does`, (t) => {
    const filler = ballast[path.slice(2)] ?? ''
    const before = path === 'a.go' ? `package a\n\n${filler}` : filler
    const { resolution, longest } = resolved(path, around(texts, before, filler), byRules)
    t.match(resolution, { how: 'resolved', text: before + text + filler })
    t.ok(longest < filler.length, `${longest} of ${2 * filler.length} characters`)
    for (const one of resolution.how === 'resolved' ? resolution.chunks : []) {
      t.equal(one.chunk.at.base, one.line - 1, 'places are those in the whole text')
      t.ok(text.includes(linesOfChunk(before + text + filler, one)), 'and so is what a conflict came to')
      t.ok(texts.ours.includes(one.chunk.ours.join('')), 'and what it was')
    }
    t.end()
  })
}

void t.test('a name that is still used where nothing is read was not taken away', (t) => {
  const used = many((n) => `function filler${n}(a) {\n  const b = limit + ${n}\n  return a + b\n}\n\n`)
  const texts = around(
    {
      base: 'function load(a) {\n  const limit = 5\n  return limit + a\n}\n',
      ours: 'function load(a) {\n  const other = 5\n  return other + a\n}\n',
      theirs: 'function load(a) {\n  const limit = 5\n  show(limit)\n  return limit + a\n}\n',
    },
    used,
    '',
  )
  const short = resolved('a.js', around({ base: 'b()\n', ours: 'b()\na()\n', theirs: 'b()\nc()\n' }, used, ''))
  t.match(resolved('a.js', texts).resolution.how, 'resolved')
  t.ok(short.longest < used.length / 2)
  t.end()
})

void t.test('where an excerpt does not parse the whole text is read', (t) => {
  const filler = ballast['js'] ?? ''
  // what is inside of the brackets cannot be left out
  const text = `const text = \`\n\${\n  filler1(\n    2,\n  )\n}\n\`\n\n${filler}`
  const [list] = conflicts
  const texts = around(list ?? { base: '', ours: '', theirs: '' }, text, filler)
  const { resolution, longest } = resolved('a.js', texts, byRules)
  t.match(resolution, { how: 'resolved' }, 'what only lists decide')
  t.ok(longest >= texts.base.length)
  const insertions = { base: 'b()\n', ours: 'b()\nc(1)\n', theirs: 'b()\nd(2)\n' }
  const whole = around(insertions, text, filler)
  const byLines = resolved('a.js', whole)
  t.match(byLines.resolution, { how: 'resolved' }, 'what lines decide')
  t.ok(byLines.longest >= whole.base.length)
  t.end()
})

void t.test('and so it is where lists find nothing in an excerpt that does not parse', (t) => {
  const filler = ballast['py'] ?? ''
  // a function within arguments looks like a block
  const call = (entries: string) => `f(\n    key=lambda a:\n        a,\n    half=1,\n${entries})\n\n\n`
  const texts = {
    base: call('    two=2,\n'),
    ours: call('    two=2,\n    three=3,\n'),
    theirs: call('    two=4,\n    four=4,\n'),
  }
  const short = resolved('a.py', texts, byRules).resolution
  const long = resolved('a.py', around(texts, filler, filler), byRules).resolution
  t.match([short, long], [{ how: 'resolved' }, { how: 'resolved' }])
  if (short.how === 'resolved') t.match(long, { text: filler + short.text + filler })
  t.end()
})

void t.test('what a text may begin in is never left out, nor where a text says what stands for others', (t) => {
  const filler = ballast['js'] ?? ''
  const texts = { base: 'b()\n', ours: 'b()\nc(1)\n', theirs: 'b()\nd(2)\n' }
  const odd = 'if (a) {\n  const text = `\n  x\n}\n`\n'
  const excerpt = excerptOf(mergeOf(around(texts, odd, filler)), 'javascript')
  t.match(excerpt?.base.join(''), odd)
  t.not(excerptOf(mergeOf(around(texts, '// \u{F7A2}0\n', filler)), 'javascript'), null)
  for (const name of ['base', 'ours', 'theirs'] as const) {
    const marked = { ...texts, [name]: `// \u{F7A1}0\n${texts[name]}` }
    t.equal(excerptOf(mergeOf(around(marked, filler, '')), 'javascript'), null, name)
  }
  t.end()
})

void t.test('a fault that a side has already is no fault of the merge, a new one is, whatever is left out', (t) => {
  const filler = ballast['js'] ?? ''
  const known = { base: 'b()\n', ours: 'b()\nc 1 2\n', theirs: 'b()\nlet d = 2\n' }
  t.match(resolved('a.js', around(known, filler, filler)).resolution, { how: 'resolved' })
  const made = { base: 'b()\n', ours: 'b()\nc = 1 +\n', theirs: 'b()\nlet d = 2\n' }
  const line = linesOf(filler).length + 3
  t.match(resolved('a.js', around(made, filler, filler)).resolution, {
    how: 'left',
    reason: `the result does not parse at line ${line}`,
  })
  t.end()
})

void t.test('a result must hold all that was left out, each once and as it was', (t) => {
  const texts = around({ base: 'b()\n', ours: 'b()\nc(1)\n', theirs: 'b()\nd(2)\n' }, ballast['py'] ?? '', '')
  const excerpt = excerptOf(mergeOf(texts), 'python')
  if (excerpt === null) return t.end()
  const { ours } = excerpt
  const at = ours.findIndex((line) => excerpt.hidden.has(line))
  t.ok(at >= 0 && holdsAll(ours, excerpt))
  t.notOk(holdsAll(ours.toSpliced(at, 1), excerpt))
  t.notOk(holdsAll(ours.toSpliced(at, 0, ours[at] ?? ''), excerpt))
  t.notOk(holdsAll(ours.with(at, `    call() ${ours[at]?.trimStart()}`), excerpt))
  return t.end()
})

void t.test('two that are much the same are seen to be, whether something of one was left out or not', (t) => {
  const named = (name: string) =>
    `function ${name}(a) {\n  const b = a + 1\n  const c = b * 2\n  if (c > b) {\n    return b\n  }\n  return c\n}\n\n`
  const texts = { base: named('foo'), ours: named('bar'), theirs: named('baz') + named('foo') }
  const filler = ballast['js'] ?? ''
  const short = resolved('a.js', around(texts, filler.slice(0, filler.indexOf('/**', 5)), ''), byRules).resolution
  t.match(short, { how: 'left' })
  t.match(resolved('a.js', around(texts, filler, filler), byRules).resolution, short)
  t.end()
})

void t.test('what is declared where nothing is read meets what is read, where a side has joined the two', (t) => {
  const filler = ballast['js'] ?? ''
  const method = (name: string) => `  ${name}(a) {\n    const b = a\n    return b\n  }\n`
  const row = ['early', 'run', 'other', 'last'].map(method).join('\n')
  const [end, walk, close] = ['}\n\nclass B {\n', `${method('walk')}\n${method('stay')}`, `}\n\n${filler}`]
  const conflict = { base: '', ours: 'let c = 1\n', theirs: 'let d = 2\n' }
  const texts = around(
    {
      base: `class A {\n\n${row}\n${end}${walk}${close}${conflict.base}`,
      ours: `class A {\n\n${row}\n${walk}${close}${conflict.ours}`,
      theirs: `class A {\n\n${row}\n${end}${walk}\n${method('run')}${close}${conflict.theirs}`,
    },
    filler,
    filler,
  )
  t.match(resolved('a.js', texts).resolution, { how: 'left', reason: 'run is declared twice' })
  t.end()
})

/** A side's edits of a source, at places that are parts of its length; both sides draw from the same names. */
const edits = fc.array(
  fc.record({
    what: fc.constantFrom('rename', 'copy', 'remove', 'change', 'join', 'move'),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    to: fc.double({ min: 0, max: 0.999, noNaN: true }),
    name: fc.constantFrom('alpha', 'beta', 'walk3', 'walk5'),
  }),
  { minLength: 1, maxLength: 3 },
)

type Edits = typeof edits extends fc.Arbitrary<infer Drawn> ? Drawn : never

/** Blocks of a source, one text each; the first line of each names it. */
function editedBlocks(blocks: readonly string[], drawn: Edits): string {
  const made = [...blocks]
  for (const { what, at, to, name } of drawn) {
    const [from, place] = [Math.floor(at * made.length), Math.floor(to * made.length)]
    const block = made[from] ?? ''
    const renamed = block.replace(/(?<=^\s*(?:function |def |func |class |))\w+(?=\()/, name)
    if (what === 'rename') made[from] = renamed
    else if (what === 'copy') made.splice(place, 0, renamed)
    else if (what === 'remove' || what === 'join') made.splice(from, 1)
    else if (what === 'change') made[from] = block.replace(/return \w+/, `return ${name}`)
    else made.splice(place, 0, ...made.splice(from, 1))
  }
  return made.join('')
}

/** Sources of classes and functions, as blocks; the line that begins a class and the one that ends it are blocks as well. */
const made: Readonly<Record<string, readonly string[]>> = {
  'a.js': Array.from({ length: 24 }, (_, n) => [
    `class A${n} {\n`,
    ...[0, 1, 2].map(
      (m) => `  walk${m + n}(a) {\n    const b = a + ${n}\n    if (b) {\n      return a\n    }\n    return b\n  }\n\n`,
    ),
    '}\n\n',
    `function free${n}(a) {\n  const b = a * ${n}\n  if (b) {\n    return a\n  }\n  return b\n}\n\n`,
  ]).flat(),
  'a.py': Array.from({ length: 24 }, (_, n) => [
    `class A${n}:\n    x = ${n}\n\n`,
    ...[0, 1, 2].map(
      (m) =>
        `    def walk${m + n}(self, a):\n        b = a + ${n}\n        if b:\n            return a\n\n        return b\n\n`,
    ),
    `\ndef free${n}(a):\n    b = a * ${n}\n    if b:\n        return a\n\n    return b\n\n\n`,
  ]).flat(),
  'a.go': Array.from(
    { length: 90 },
    (_, n) => `func walk${n}(a int) int {\n\tb := a + ${n}\n\tif b > 0 {\n\t\treturn a\n\t}\n\treturn b\n}\n\n`,
  ),
}

void t.test('a text comes out as it does when all of it is read', (t) => {
  let [count, decided] = [0, 0]
  for (const [path, blocks] of Object.entries(made))
    fc.assert(
      fc.property(edits, edits, fc.boolean(), (one, two, isByLists) => {
        const sign = path === 'a.py' ? '#' : '//'
        const head = path === 'a.go' ? 'package a\n\n' : ''
        const read = (first: string) => {
          const texts = { base: blocks.join(''), ours: editedBlocks(blocks, one), theirs: editedBlocks(blocks, two) }
          const { resolution } = resolved(path, around(texts, `${first}\n\n${head}`, ''), isByLists ? byRules : [])
          return JSON.parse(JSON.stringify(resolution).replaceAll('\u{F7A1}', 'x'))
        }
        // what holds the sign that stands for what is left out is read whole
        const [excerpt, whole] = [read(`${sign} x`), read(`${sign} \u{F7A1}`)]
        count += 1
        if (whole.how === 'resolved') decided += 1
        t.same(excerpt, whole)
      }),
      { numRuns: 80 },
    )
  t.ok(decided > count / 20, `${decided} of ${count} were resolved`)
  t.end()
})

/** Sources of some length, of this project. */
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join('src', name), 'utf8'))
  .filter((text) => text.length > 6_000)

void t.test('an excerpt parses, and holds all when what was left out is put back', (t) => {
  const edit = fc.record({
    at: fc.nat(400),
    put: fc.constantFrom('', 'call(1)\n', 'function added() {\n  call()\n}\n'),
  })
  let count = 0
  fc.assert(
    fc.property(fc.constantFrom(...sources), edit, edit, (base, one, two) => {
      const edited = ({ at, put }: typeof one): string =>
        linesOf(base)
          .toSpliced(at, put === '' ? 1 : 0, put)
          .join('')
      const merge = mergeOf({ base, ours: edited(one), theirs: edited(two) })
      const excerpt = excerptOf(merge, 'typescript')
      if (excerpt === null) return
      count += 1
      for (const name of ['base', 'ours', 'theirs'] as const)
        t.same(wholeLines(excerpt[name], excerpt.hidden), merge[name])
      t.equal(parse('typescript', excerpt.base.join('')).find({ rule: { kind: 'ERROR' } }), null)
      const at = { base: excerpt.base.length, ours: excerpt.ours.length, theirs: excerpt.theirs.length }
      const end = wholeChunk({ base: [], ours: [], theirs: [], at }, excerpt)
      t.same(end.at, { base: merge.base.length, ours: merge.ours.length, theirs: merge.theirs.length })
    }),
    { numRuns: 150 },
  )
  t.ok(count > 50, `${count} were worth it`)
  t.end()
})
