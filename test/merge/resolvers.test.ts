import fc from 'fast-check'
import t from 'tap'
import { resolveChunks } from '../../src/merge/resolve-chunks.ts'
import { resolveText } from '../../src/merge/resolve-text.ts'
import type { Grade } from '../../src/merge/resolvers/resolver.ts'
import { resolvers } from '../../src/merge/resolvers/registry.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'

interface Case {
  readonly title: string
  readonly path: string
  readonly base: string
  readonly ours: string
  readonly theirs: string
  /** `<resolver> <grade>`, and the text; null where nothing may be decided. */
  readonly by: string | null
  readonly text?: string
}

function resolved({ path, base, ours, theirs }: Case, upTo: Grade = 'likely', off: readonly string[] = []) {
  const versions = { base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) }
  return resolveText({ path, segments: mergeThreeWays(versions), ...versions }, { upTo, off })
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
  const { user } = process.cpuUsage(began)
  t.ok(user < 10_000_000, `${user / 1000} ms of a core`)
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
