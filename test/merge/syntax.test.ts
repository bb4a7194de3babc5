import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { resolveText } from '../../src/merge/resolve-text.ts'
import { resolvers } from '../../src/merge/resolvers/registry.ts'
import { excerptOf, holdsAll, wholeChunk, wholeLines } from '../../src/merge/syntax/excerpt.ts'
import { mergeElements } from '../../src/merge/syntax/merge-elements.ts'
import { brokenSyntax, faultInWords } from '../../src/merge/syntax/syntax-guards.ts'
import { treesBy } from '../../src/merge/syntax/trees.ts'
import { changedWordsOf } from '../../src/merge/syntax/words.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'
import { type Grammar, grammarOf } from '../../src/syntax/grammar.ts'
import { loadParser } from '../../src/syntax/parser.ts'

const parse = loadParser()
const byRules = resolvers.map(({ name }) => name)

interface Texts {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

const mergeOf = ({ base, ours, theirs }: Texts) => {
  const versions = { base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) }
  return { segments: mergeThreeWays(versions), ...versions }
}

interface Result extends Texts {
  readonly title: string
  readonly grammar: Grammar
  readonly text: string
  /** Why it cannot be right; null where nothing speaks against it. */
  readonly broken: string | null
}

const results: readonly Result[] = [
  {
    title: 'a bracket is missing',
    grammar: 'typescript',
    base: '',
    ours: 'f(1)\n',
    theirs: 'g(1)\n',
    text: 'f(1)\ng(1\n',
    broken: 'the result does not parse at line 2',
  },
  {
    title: 'a comma is missing',
    grammar: 'javascript',
    base: 'f({ c: 1 })\n',
    ours: 'f({ a: 1, c: 1 })\n',
    theirs: 'f({ b: 1, c: 1 })\n',
    text: 'f({ a: 1 b: 1, c: 1 })\n',
    broken: 'the result does not parse at line 1',
  },
  {
    title: 'an indentation is wrong',
    grammar: 'python',
    base: 'def f():\n    a()\n',
    ours: 'def f():\n    if b:\n        a()\n',
    theirs: 'def f():\n    a()\n    c()\n',
    text: 'def f():\n    if b:\n    a()\n    c()\n',
    broken: 'the result does not parse at line 2',
  },
  {
    title: 'what does not parse in one side already is no fault of the merge',
    grammar: 'go',
    base: 'package a\n',
    ours: 'package a\n\nfunc f( {\n}\n',
    theirs: 'package a\n\nfunc g() {\n}\n',
    text: 'package a\n\nfunc f( {\n}\n\nfunc g() {\n}\n',
    broken: null,
  },
  {
    title: 'a member of a class comes twice',
    grammar: 'typescript',
    base: 'class A {\n}\n',
    ours: 'class A {\n  b() {}\n}\n',
    theirs: 'class A {\n  b() {}\n}\n',
    text: 'class A {\n  b() {}\n  b() {}\n}\n',
    broken: 'b is declared twice',
  },
  {
    title: 'a getter and a setter are no two of one name',
    grammar: 'typescript',
    base: 'class A {\n}\n',
    ours: 'class A {\n  get b() { return 1 }\n}\n',
    theirs: 'class A {\n  set b(c) {}\n}\n',
    text: 'class A {\n  get b() { return 1 }\n  set b(c) {}\n}\n',
    broken: null,
  },
  {
    title: 'names that stand for different things in different scopes',
    grammar: 'javascript',
    base: '',
    ours: 'function f() {\n  const a = 1\n}\n',
    theirs: 'function g() {\n  const a = 1\n}\n',
    text: 'function f() {\n  const a = 1\n}\nfunction g() {\n  const a = 1\n}\n',
    broken: null,
  },
  {
    title: 'a name is brought in twice',
    grammar: 'typescript',
    base: '',
    ours: "import { a } from 'b'\n",
    theirs: "import { a } from 'c'\n",
    text: "import { a } from 'b'\nimport { a } from 'c'\n",
    broken: 'a is declared twice',
  },
  {
    title: 'a key of an object comes twice',
    grammar: 'javascript',
    base: 'f({})\n',
    ours: 'f({ a: 1 })\n',
    theirs: 'f({ a: 2 })\n',
    text: 'f({ a: 1, a: 2 })\n',
    broken: 'a is declared twice',
  },
  {
    title: 'a function of Python comes twice',
    grammar: 'python',
    base: '',
    ours: 'def f(a):\n    pass\n',
    theirs: 'def f(b):\n    pass\n',
    text: 'def f(a):\n    pass\n\ndef f(b):\n    pass\n',
    broken: 'f is declared twice',
  },
  {
    title: 'a property of Python and its setter are no two of one name',
    grammar: 'python',
    base: '',
    ours: 'class A:\n    @property\n    def f(self):\n        pass\n',
    theirs: 'class A:\n    @f.setter\n    def f(self, b):\n        pass\n',
    text: 'class A:\n    @property\n    def f(self):\n        pass\n    @f.setter\n    def f(self, b):\n        pass\n',
    broken: null,
  },
  {
    title: 'an argument comes twice',
    grammar: 'python',
    base: 'f()\n',
    ours: 'f(a=1)\n',
    theirs: 'f(a=2)\n',
    text: 'f(a=1, a=2)\n',
    broken: 'a is declared twice',
  },
  {
    title: 'a method of Go comes twice, and one of another type does not matter',
    grammar: 'go',
    base: 'package a\nfunc (o *Other) M() {}\n',
    ours: 'package a\nfunc (o *Other) M() {}\nfunc (t *T) M() {}\n',
    theirs: 'package a\nfunc (o *Other) M() {}\nfunc (t T) M() {}\n',
    text: 'package a\nfunc (o *Other) M() {}\nfunc (t *T) M() {}\nfunc (t T) M() {}\n',
    broken: 'T.M is declared twice',
  },
  {
    title: 'a parameter that one side renamed is used by what the other wrote',
    grammar: 'python',
    base: 'def load(url_or_filename):\n    return read(url_or_filename)\n',
    ours: 'def load(urlpath):\n    return read(urlpath)\n',
    theirs: 'def load(url_or_filename):\n    check(url_or_filename)\n    return read(url_or_filename)\n',
    text: 'def load(urlpath):\n    check(url_or_filename)\n    return read(urlpath)\n',
    broken: 'url_or_filename is still used, and the other side took it away',
  },
  {
    title: 'a name that one side brings in no more is used by what the other wrote',
    grammar: 'typescript',
    base: "import { join } from 'path'\njoin(1)\n",
    ours: 'concat(1)\n',
    theirs: "import { join } from 'path'\njoin(1)\njoin(2)\n",
    text: 'concat(1)\njoin(2)\n',
    broken: 'join is still used, and the other side took it away',
  },
  {
    title: 'a name of which one side keeps only longer ones is used by what the other wrote',
    grammar: 'typescript',
    base: 'const item = 1\nuse(item)\n',
    ours: 'const items = [1]\nuse(items, theItem, item2)\n',
    theirs: 'const item = 1\nuse(item)\nuse(item, 2)\n',
    text: 'const items = [1]\nuse(items, theItem, item2)\nuse(item, 2)\n',
    broken: 'item is still used, and the other side took it away',
  },
  {
    title: 'a name that one side took away in one place and still uses behind longer ones',
    grammar: 'typescript',
    base: 'const item = 1\nuse(item)\n',
    ours: 'const items = [1]\nuse(items)\nlet item\n',
    theirs: 'const item = 1\nuse(item)\nuse(item, 2)\n',
    text: 'const items = [1]\nuse(items)\nuse(item, 2)\n',
    broken: null,
  },
  {
    title: 'a name that only comments still say',
    grammar: 'go',
    base: 'package a\nfunc f(ctx int) { g(ctx) }\n',
    ours: 'package a\nfunc f(c int) { g(c) }\n',
    theirs: 'package a\n// ctx is nice\nfunc f(ctx int) { g(ctx) }\n',
    text: 'package a\n// ctx is nice\nfunc f(c int) { g(c) }\n',
    broken: null,
  },
  {
    title: 'a name that was never declared here is nobody’s to take away',
    grammar: 'go',
    base: 'package a\nfunc f() { elsewhere(1) }\n',
    ours: 'package a\nfunc f() { g(1) }\n',
    theirs: 'package a\nfunc f() { elsewhere(1) }\nfunc h() { elsewhere(2) }\n',
    text: 'package a\nfunc f() { g(1) }\nfunc h() { elsewhere(2) }\n',
    broken: null,
  },
]

for (const { title, grammar, text, broken, ...versions } of results) {
  void t.test(`${title}: ${broken === null ? 'kept' : 'back to conflict'}`, (t) => {
    const { base, ours, theirs } = versions
    const words = changedWordsOf({ base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) })
    const fault = brokenSyntax(text, versions, {
      trees: treesBy(parse, grammar),
      ...words,
      hidden: new Map(),
    })
    t.equal(typeof fault === 'symbol' ? fault : fault && faultInWords(fault, (line) => line), broken)
    t.end()
  })
}

function resolutionOf(path: string, texts: Texts, isRead = true) {
  return resolveText({ path, ...mergeOf(texts) }, { upTo: 'likely', off: [] }, isRead ? parse : null)
}

void t.test('a resolved file whose syntax speaks against it goes back to conflict', (t) => {
  const versions = {
    base: 'def load(url_or_filename):\n    a = first(url_or_filename)\n    return read(a)\n',
    ours: 'def load(urlpath):\n    a = first(urlpath)\n    return read(a)\n',
    theirs:
      'def load(url_or_filename):\n    a = first(url_or_filename)\n    b = second(url_or_filename, a)\n    return read(a, b)\n',
  }
  t.match(resolutionOf('a.py', versions, false), { how: 'resolved' }, 'the rules for lines see nothing wrong')
  t.match(resolutionOf('a.py', versions), { how: 'left', reason: /url_or_filename is still used/ })
  t.equal(grammarOf('a.rs'), null)
  t.match(resolutionOf('a.rs', versions), { how: 'resolved' }, 'a language without a grammar has no such guard')
  t.end()
})

interface Lists extends Texts {
  readonly title: string
  readonly path: string
  /** Null where nothing may be decided by lists. */
  readonly text: string | null
}

const lists: readonly Lists[] = [
  {
    title: 'members of a class',
    path: 'a.ts',
    base: 'class A {\n  one() {\n    return 1\n  }\n}\n',
    ours: 'class A {\n  one() {\n    return 1\n  }\n\n  two() {\n    return 2\n  }\n}\n',
    theirs: 'class A {\n  one() {\n    return 1\n  }\n\n  /** Three. */\n  three(a: number) {\n    return a\n  }\n}\n',
    text: 'class A {\n  one() {\n    return 1\n  }\n\n  two() {\n    return 2\n  }\n\n  /** Three. */\n  three(a: number) {\n    return a\n  }\n}\n',
  },
  {
    title: 'a member that one took away beside one that the other changed',
    path: 'a.ts',
    base: 'class A {\n  one = 1\n  two = 2\n}\n',
    ours: 'class A {\n  two = 2\n}\n',
    theirs: 'class A {\n  one = 1\n  two = 3\n}\n',
    text: 'class A {\n  two = 3\n}\n',
  },
  {
    title: 'a member that one took away and the other changed',
    path: 'a.ts',
    base: 'class A {\n  one = 1\n  two = 2\n}\n',
    ours: 'class A {\n  two = 2\n}\n',
    theirs: 'class A {\n  one = 5\n  two = 3\n}\n',
    text: null,
  },
  {
    title: 'both added another thing of one name',
    path: 'a.ts',
    base: 'class A {\n  one = 1\n}\n',
    ours: 'class A {\n  one = 1\n  two = first\n}\n',
    theirs: 'class A {\n  one = 1\n  two = second()\n}\n',
    text: null,
  },
  {
    title: 'both renamed one thing',
    path: 'a.ts',
    base: 'class A {\n  one() {\n    return read(1)\n  }\n}\n',
    ours: 'class A {\n  first() {\n    return read(1)\n  }\n}\n',
    theirs: 'class A {\n  eins() {\n    return read(1)\n  }\n}\n',
    text: null,
  },
  {
    title: 'keys of an object, the last without a comma',
    path: 'a.js',
    base: 'const a = {\n  one: 1,\n  two: 2\n}\n',
    ours: 'const a = {\n  one: 1,\n  two: 2,\n  three: 3\n}\n',
    theirs: 'const a = {\n  one: 1,\n  two: 2,\n  four: 4 // and last\n}\n',
    text: 'const a = {\n  one: 1,\n  two: 2,\n  three: 3,\n  four: 4 // and last\n}\n',
  },
  {
    title: 'members of an interface',
    path: 'a.ts',
    base: 'interface A {\n  a: string;\n}\n',
    ours: 'interface A {\n  a: string;\n  b: number;\n}\n',
    theirs: 'interface A {\n  a: string | null;\n  c(): void;\n}\n',
    text: 'interface A {\n  a: string | null;\n  b: number;\n  c(): void;\n}\n',
  },
  {
    title: 'members of an enum with one value',
    path: 'a.ts',
    base: 'enum A {\n  One = 1,\n}\n',
    ours: 'enum A {\n  One = 1,\n  Two = 2,\n}\n',
    theirs: 'enum A {\n  One = 1,\n  Deux = 2,\n}\n',
    text: null,
  },
  {
    title: 'members of an enum',
    path: 'a.ts',
    base: "enum A {\n  One = 'one',\n}\n",
    ours: "enum A {\n  One = 'one',\n  Two = 'two',\n}\n",
    theirs: "enum A {\n  One = 'eins',\n  Three = 'three',\n}\n",
    text: "enum A {\n  One = 'eins',\n  Two = 'two',\n  Three = 'three',\n}\n",
  },
  {
    title: 'alternatives of a type, one a line',
    path: 'a.ts',
    base: "type A =\n  | 'one'\n  | 'two'\n",
    ours: "type A =\n  | 'one'\n  | 'two'\n  | 'three'\n",
    theirs: "type A =\n  | 'two'\n  | 'four'\n",
    text: "type A =\n  | 'two'\n  | 'three'\n  | 'four'\n",
  },
  {
    title: 'alternatives of a type on one line',
    path: 'a.ts',
    base: "type A = 'one' | 'two'\n",
    ours: "type A = 'one' | 'two' | 'three'\n",
    theirs: "type A = 'one' | 'two' | 'four'\n",
    text: "type A = 'one' | 'two' | 'three' | 'four'\n",
  },
  {
    title: 'names that are brought in, on one line and on many',
    path: 'a.tsx',
    base: "import { a, c } from 'x'\n",
    ours: "import {\n  a,\n  b,\n  c,\n} from 'x'\n",
    theirs: "import { a, c, d } from 'x'\n",
    text: "import {\n  a,\n  b,\n  c,\n  d,\n} from 'x'\n",
  },
  {
    title: 'imports, and a name that one no longer brings in',
    path: 'a.ts',
    base: "import { a, b } from 'x'\nimport { c } from 'y'\n",
    ours: "import { b, e } from 'x'\nimport { c } from 'y'\n",
    theirs: "import { a, b, d } from 'x'\nimport { c, f } from 'y'\nimport g from 'z'\n",
    text: "import { b, d, e } from 'x'\nimport { c, f } from 'y'\nimport g from 'z'\n",
  },
  {
    title: 'tests of one suite',
    path: 'a.test.js',
    base: "describe('a', () => {\n  it('one', () => {\n    check(1)\n  })\n})\n",
    ours: "describe('a', () => {\n  it('one', () => {\n    check(1)\n  })\n\n  it('two', () => {\n    check(2)\n  })\n})\n",
    theirs:
      "describe('a', () => {\n  it('one', () => {\n    check(1)\n  })\n\n  it('three', () => {\n    check(3)\n  })\n})\n",
    text: "describe('a', () => {\n  it('one', () => {\n    check(1)\n  })\n\n  it('two', () => {\n    check(2)\n  })\n\n  it('three', () => {\n    check(3)\n  })\n})\n",
  },
  {
    title: 'statements whose order matters',
    path: 'a.js',
    base: 'start(1)\nstop(1)\n',
    ours: 'start(1, 2)\nconst a = 1\nstop(1)\n',
    theirs: 'start(2, 1)\nconst b = 1\nstop(1)\n',
    text: null,
  },
  {
    title: 'declarations of a module',
    path: 'a.py',
    base: 'import os\n\n\ndef one():\n    return 1\n',
    ours: 'import os\n\n\ndef one():\n    return 1\n\n\ndef two(a):\n    return a\n',
    theirs: 'import os\n\n\ndef one():\n    return 1\n\n\n# the third\n@cached\ndef three(a):\n    return a\n',
    text: 'import os\n\n\ndef one():\n    return 1\n\n\ndef two(a):\n    return a\n\n\n# the third\n@cached\ndef three(a):\n    return a\n',
  },
  {
    title: 'members of a class',
    path: 'a.py',
    base: 'class A:\n    def one(self):\n        return 1\n\n\nx = A()\n',
    ours: 'class A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return self\n\n\nx = A()\n',
    theirs:
      'class A:\n    def one(self):\n        return 1\n\n    def three(self):\n        return self\n\n\nx = A()\n',
    text: 'class A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return self\n\n    def three(self):\n        return self\n\n\nx = A()\n',
  },
  {
    title: 'names that are brought in',
    path: 'a.py',
    base: 'from x import (\n    a,\n    c,\n)\n',
    ours: 'from x import (\n    a,\n    b,\n    c,\n)\n',
    theirs: 'from x import (\n    a,\n    bb,\n)\n',
    text: 'from x import (\n    a,\n    b,\n    bb,\n)\n',
  },
  {
    title: 'words of a list',
    path: 'a.py',
    base: '__all__ = [\n    "a",\n]\n',
    ours: '__all__ = [\n    "a",\n    "b",\n]\n',
    theirs: '__all__ = [\n    "c",\n]\n',
    text: '__all__ = [\n    "b",\n    "c",\n]\n',
  },
  {
    title: 'an order that both sides need is left alone',
    path: 'a.py',
    base: 'f(\n    a,\n    b,\n)\n',
    ours: 'f(\n    a,\n    c,\n)\n',
    theirs: 'f(\n    a,\n    d,\n)\n',
    text: null,
  },
  {
    title: 'imports',
    path: 'a.go',
    base: 'package a\n\nimport (\n\t"fmt"\n\t"os"\n)\n',
    ours: 'package a\n\nimport (\n\t"fmt"\n\t"net"\n\t"os"\n)\n',
    theirs: 'package a\n\nimport (\n\t"io"\n\t"os"\n)\n',
    text: 'package a\n\nimport (\n\t"io"\n\t"net"\n\t"os"\n)\n',
  },
  {
    title: 'fields of a struct',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne int\n\tTwo string `json:"two"`\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne int64\n\t// Three is last.\n\tThree bool\n}\n',
    text: 'package a\n\ntype T struct {\n\tOne int64\n\tTwo string `json:"two"`\n\t// Three is last.\n\tThree bool\n}\n',
  },
  {
    title: 'fields in columns, which each added field moves',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int\n\tTwo int\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne   int\n\tTwo   int64\n\tThree string\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne     int\n\tTwo     int\n\tAnother string\n}\n',
    text: 'package a\n\ntype T struct {\n\tOne     int\n\tTwo     int64\n\tThree   string\n\tAnother string\n}\n',
  },
  {
    title: 'fields with tags in columns',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int `a:"1  1"`\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne   int    `a:"1  1"`\n\tThree string `a:"3"`\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne     int `a:"1  1"`\n\tAnother int `a:"4"`\n}\n',
    text: 'package a\n\ntype T struct {\n\tOne     int    `a:"1  1"`\n\tThree   string `a:"3"`\n\tAnother int    `a:"4"`\n}\n',
  },
  {
    title: 'a field of which both changed more than its columns',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne   int8\n\tThree string\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne     int16\n\tAnother int\n}\n',
    text: null,
  },
  {
    title: 'a tag of which both changed the space within',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int `a:"1  1"`\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne   int    `a:"1 1"`\n\tThree string `a:"3"`\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne     int `a:"1   1"`\n\tAnother int `a:"4"`\n}\n',
    text: null,
  },
  {
    title: 'constants in columns',
    path: 'a.go',
    base: 'package a\n\nconst (\n\tOne = 1\n)\n',
    ours: 'package a\n\nconst (\n\tOne   = 1\n\tThree = 3\n)\n',
    theirs: 'package a\n\nconst (\n\tOne     = 1\n\tAnother = 4\n)\n',
    text: 'package a\n\nconst (\n\tOne     = 1\n\tThree   = 3\n\tAnother = 4\n)\n',
  },
  {
    title: 'keys in columns, with what looks like a comment in a string',
    path: 'a.go',
    base: 'package a\n\nvar t = T{\n\tOne: "a://b",\n}\n',
    ours: 'package a\n\nvar t = T{\n\tOne:   "a://b",\n\tThree: f(3, 3),\n}\n',
    theirs: 'package a\n\nvar t = T{\n\tOne:     "a://b",\n\tAnother: 4,\n}\n',
    text: 'package a\n\nvar t = T{\n\tOne:     "a://b",\n\tThree:   f(3, 3),\n\tAnother: 4,\n}\n',
  },
  {
    title: 'columns beside a comment are left as they were',
    path: 'a.go',
    base: 'package a\n\ntype T struct {\n\tOne int // first\n}\n',
    ours: 'package a\n\ntype T struct {\n\tOne   int // first\n\tThree int\n}\n',
    theirs: 'package a\n\ntype T struct {\n\tOne     int // first\n\tAnother int\n}\n',
    text: 'package a\n\ntype T struct {\n\tOne   int // first\n\tThree int\n\tAnother int\n}\n',
  },
  {
    title: 'constants that count on',
    path: 'a.go',
    base: 'package a\n\nconst (\n\tOne = iota\n\tTwo\n)\n',
    ours: 'package a\n\nconst (\n\tOne = iota\n\tMore\n\tTwo\n)\n',
    theirs: 'package a\n\nconst (\n\tOne = iota\n\tTen\n\tTwo\n)\n',
    text: null,
  },
  {
    title: 'methods of Go',
    path: 'a.go',
    base: 'package a\n\nfunc (t *T) One() int {\n\treturn 1\n}\n',
    ours: 'package a\n\nfunc (t *T) One() int {\n\treturn 1\n}\n\nfunc (t *T) Two() int {\n\treturn 1\n}\n',
    theirs: 'package a\n\nfunc (t *T) One() int {\n\treturn 1\n}\n\nfunc (o *O) Two() int {\n\treturn 1\n}\n',
    text: 'package a\n\nfunc (t *T) One() int {\n\treturn 1\n}\n\nfunc (t *T) Two() int {\n\treturn 1\n}\n\nfunc (o *O) Two() int {\n\treturn 1\n}\n',
  },
  {
    title: 'line ends of Windows stay',
    path: 'a.js',
    base: 'f({\r\n  a: 1,\r\n})\r\n',
    ours: 'f({\r\n  a: 1,\r\n  b: 2,\r\n})\r\n',
    theirs: 'f({\r\n  a: 3,\r\n  c: 4,\r\n})\r\n',
    text: 'f({\r\n  a: 3,\r\n  b: 2,\r\n  c: 4,\r\n})\r\n',
  },
  {
    title: 'a last line without an end',
    path: 'a.js',
    base: 'export const a = 1',
    ours: 'export const a = 1\nexport const b = 2',
    theirs: 'export const a = 3\nexport const c = 4',
    text: 'export const a = 3\nexport const b = 2\nexport const c = 4',
  },
]

/** By lists alone, without the rules for lines. */
function byLists({ path, ...texts }: Texts & { readonly path: string }) {
  return resolveText({ path, ...mergeOf(texts) }, { upTo: 'likely', off: byRules }, parse)
}

for (const one of lists) {
  void t.test(`${one.path}: ${one.title}${one.text === null ? ': left to people' : ''}`, (t) => {
    const resolution = byLists(one)
    if (one.text === null || resolution.how === 'left')
      t.match(resolution, { how: one.text === null ? 'left' : 'resolved' })
    else {
      t.equal(resolution.text, one.text)
      t.match(resolution.chunks, [{ resolver: 'syntax-lists', grade: 'likely', evidence: /are a set: / }])
    }
    const { base, ours, theirs } = one
    const other = byLists({ path: one.path, base, ours: theirs, theirs: ours })
    t.equal(other.how, resolution.how, 'with the sides the other way round as well')
    t.end()
  })
}

interface FormCase extends Texts {
  readonly path: string
  readonly title: string
  /** null where it is about more than form. */
  readonly text: string | null
}

const forms: readonly FormCase[] = [
  {
    title: 'quotes and signs that may be left out',
    path: 'a.js',
    base: 'f(\n  "it\'s", b\n)\n',
    ours: "f('it\\'s', b);\n",
    theirs: 'g(\n  "it\'s", c, b\n)\n',
    text: 'g(\n  "it\'s", c, b\n)\n',
  },
  {
    title: 'keys in quotes, brackets around a parameter and around a value',
    path: 'a.ts',
    base: 'const a = { "b": c => (d) }\n',
    ours: 'const a = {\n  b: (c) => d,\n}\n',
    theirs: 'const a = { "b": c => (d), "e": f(g) }\n',
    text: 'const a = { "b": c => (d), "e": f(g) }\n',
  },
  {
    title: 'signs between members of a type',
    path: 'a.ts',
    base: 'type A = { b: string, c: string }\n',
    ours: 'type A = {\n  b: string;\n  c: string;\n}\n',
    theirs: 'type A = { b: string, c: number, d: number }\n',
    text: 'type A = { b: string, c: number, d: number }\n',
  },
  {
    title: 'lines of elements',
    path: 'a.tsx',
    base: 'const a = <b c="d">e f</b>\n',
    ours: 'const a = (\n  <b c="d">\n    e\n    f\n  </b>\n);\n',
    theirs: 'const a = <b c="g">e f h</b>\n',
    text: 'const a = <b c="g">e f h</b>\n',
  },
  {
    title: 'brackets instead of a sign at the end of a line',
    path: 'a.py',
    base: 'def f():\n    return a and \\\n        b\n',
    ours: 'def f():\n    return (\n        a and b\n    )\n',
    theirs: 'def f():\n    return a and \\\n        c or d\n',
    text: 'def f():\n    return a and \\\n        c or d\n',
  },
  {
    title: 'names that are brought in, a line each',
    path: 'a.py',
    base: 'from a import b, c\n',
    ours: 'from a import (\n    b,\n    c,\n)\n',
    theirs: 'from d import b, e, c\n',
    text: 'from d import b, e, c\n',
  },
  {
    title: 'a block on one line',
    path: 'a.go',
    base: 'package a\n\nvar b = func() int { return c }\n',
    ours: 'package a\n\nvar b = func() int {\n\treturn c\n}\n',
    theirs: 'package a\n\nvar b = func() string { return d(e) }\n',
    text: 'package a\n\nvar b = func() string { return d(e) }\n',
  },
  {
    title: 'a line that ends a statement',
    path: 'a.js',
    base: 'function f() {\n  return a\n}\n',
    ours: 'function f() {\n  return\n  a\n}\n',
    theirs: 'function f() {\n  return b + c\n}\n',
    text: null,
  },
  {
    title: 'brackets that end a chain of what may be missing',
    path: 'a.js',
    base: 'f(a?.b.c)\n',
    ours: 'f((a?.b).c)\n',
    theirs: 'g(d?.e.h)\n',
    text: null,
  },
  {
    title: 'a comma that makes a tuple',
    path: 'a.py',
    base: 'a = (b)\n',
    ours: 'a = (b,)\n',
    theirs: 'c = (d, e)\n',
    text: null,
  },
  {
    title: 'a comma that makes an index a tuple',
    path: 'a.py',
    base: 'a = b[c]\n',
    ours: 'a = b[c,]\n',
    theirs: 'd = e[f]\n',
    text: null,
  },
  {
    title: 'what is part of a block by its indentation',
    path: 'a.py',
    base: 'if a:\n    b()\nc()\n',
    ours: 'if a:\n    b()\n    c()\n',
    theirs: 'if d:\n    e()\nf(g)\n',
    text: null,
  },
  {
    title: 'lines of a text',
    path: 'a.ts',
    base: 'const a = `b c`\n',
    ours: 'const a = `b\nc`\n',
    theirs: 'const a = `d e`\n',
    text: null,
  },
  {
    title: 'spaces in a text',
    path: 'a.go',
    base: 'package a\n\nvar b = "c d"\n',
    ours: 'package a\n\nvar b = "c  d"\n',
    theirs: 'package a\n\nvar e = "f g"\n',
    text: null,
  },
  {
    title: 'an element that is not there',
    path: 'a.js',
    base: 'const a = [b]\n',
    ours: 'const a = [b,,]\n',
    theirs: 'const c = [d, e]\n',
    text: null,
  },
]

const byForm = ({ path, base, ours, theirs }: Texts & { readonly path: string }) =>
  resolveText(
    { path, ...mergeOf({ base, ours, theirs }) },
    { upTo: 'certain', off: byRules.filter((name) => name !== 'formatting') },
    parse,
  )

for (const one of forms) {
  void t.test(`${one.path}: ${one.title}: ${one.text === null ? 'more than' : 'nothing but'} form`, (t) => {
    const other = { ...one, ours: one.theirs, theirs: one.ours }
    for (const resolution of [byForm(one), byForm(other)]) {
      if (one.text === null || resolution.how === 'left')
        t.match(resolution, { how: one.text === null ? 'left' : 'resolved' })
      else {
        t.equal(resolution.text, one.text)
        t.match(resolution.chunks, [{ resolver: 'formatting', grade: 'certain' }])
      }
    }
    t.end()
  })
}

void t.test('of two sides of a source that only differ in form, either is likely', (t) => {
  const texts = mergeOf({ base: 'f(a)\n', ours: "f('b', c)\n", theirs: 'f("b", c);\n' })
  const resolution = resolveText({ path: 'a.js', ...texts }, { upTo: 'likely', off: [] }, parse)
  t.match(resolution, { how: 'resolved', text: 'f("b", c);\n', chunks: [{ resolver: 'formatting', grade: 'likely' }] })
  t.equal(resolveText({ path: 'a.js', ...texts }, { upTo: 'certain', off: [] }, parse).how, 'left')
  t.end()
})

void t.test('form is told of what is nested deeply and of what has many parts', (t) => {
  const [many, deep] = [Array.from({ length: 4_000 }, (_, at) => `a${at}`), '(b + '.repeat(4_000)]
  const began = process.cpuUsage()
  for (const text of [`f([${many.join(', ')}])\n`, many.join(' + ') + '\n', `${deep}c${')'.repeat(4_000)}\n`]) {
    const resolution = byForm({ path: 'a.js', base: text, ours: text.replace('\n', ';\n'), theirs: 'd(e)\n' })
    t.match(resolution, { how: 'resolved', text: 'd(e)\n' })
  }
  const { user } = process.cpuUsage(began)
  t.ok(user < 2_000_000, `${user / 1000} ms of a core`)
  t.end()
})

/** How a list of keys with numbers is written in some language. */
const writings: Readonly<Record<string, (entries: readonly Entry[]) => string>> = {
  'a.ts': (entries) =>
    `class A {\n${entries.map(([key, value]) => `  ${key}() {\n    return ${value}\n  }\n`).join('\n')}}\n`,
  'b.ts': (entries) => `interface A {\n${entries.map(([key, value]) => `  ${key}: ${value}\n`).join('')}}\n`,
  'a.js': (entries) => `f({\n${entries.map(([key, value]) => `  ${key}: ${value}`).join(',\n')}\n})\n`,
  'a.jsx': (entries) =>
    `f({\n${entries.map(([key, value]) => `  // about ${key}\n  ${key}: ${value},\n`).join('')}})\n`,
  'a.py': (entries) =>
    `class A:\n    x = 0\n${entries.map(([key, value]) => `\n    def ${key}(self):\n        return ${value}\n`).join('')}\n\nend()\n`,
  'b.py': (entries) =>
    `import os\n${entries.map(([key, value]) => `\n\ndef ${key}():\n    return ${value}\n`).join('')}`,
  'a.go': (entries) =>
    `package a\n\ntype T struct {\n${entries.map(([key, value]) => `\t${key} int \`${value}\`\n`).join('')}}\n`,
  'b.go': (entries) => `package a\n\nvar a = T{\n${entries.map(([key, value]) => `\t${key}: ${value},\n`).join('')}}\n`,
}

type Entry = readonly [key: string, value: number]

/** What a side does: takes away, changes, and puts keys of its own at places. */
const edit = (own: string) =>
  fc.record({
    removed: fc.array(fc.nat(7), { maxLength: 2 }),
    changed: fc.array(fc.nat(7), { maxLength: 2 }),
    added: fc
      .array(fc.nat(8), { maxLength: 3 })
      .map((places) => places.map((at, number) => ({ at, key: `${own}${number}` }))),
  })

interface Edit {
  readonly removed: readonly number[]
  readonly changed: readonly number[]
  readonly added: readonly { readonly at: number; readonly key: string }[]
}

function edited(entries: readonly Entry[], { removed, changed, added }: Edit, value: number): readonly Entry[] {
  const put = (at: number): readonly Entry[] =>
    added.filter((one) => one.at === at).map(({ key }): Entry => [key, value])
  return [...entries, null].flatMap((entry, at) => {
    const here =
      entry === null || removed.includes(at) ? [] : [changed.includes(at) ? ([entry[0], value] as const) : entry]
    return [
      ...(entry === null ? added.filter((one) => one.at >= at).map(({ key }): Entry => [key, value]) : put(at)),
      ...here,
    ]
  })
}

void t.test(
  'what a list comes to holds each element that a side added or changed once, and none that a side took away',
  (t) => {
    let resolved = 0
    for (const [path, write] of Object.entries(writings)) {
      const entries = fc
        .integer({ min: 1, max: 8 })
        .map((count) => Array.from({ length: count }, (_, at): Entry => [`key${at}`, 0]))
      fc.assert(
        fc.property(entries, edit('ours'), edit('theirs'), (base, mine, other) => {
          const [ours, theirs] = [edited(base, mine, 1), edited(base, other, 2)]
          const resolution = byLists({ path, base: write(base), ours: write(ours), theirs: write(theirs) })
          if (resolution.how === 'left') return
          resolved += resolution.chunks.length
          const known = [base, ours, theirs].map((list) => new Map(list))
          const keys = new Set([...base, ...ours, ...theirs].map(([key]) => key))
          const expected = [...keys].flatMap((key): readonly Entry[] => {
            const [was, one, two] = known.map((list) => list.get(key))
            const value = one === was ? two : one
            return value === undefined ? [] : [[key, value]]
          })
          const made = resolution.text.split('\n').filter((line) => line.trim() !== '')
          const should = write(expected)
            .split('\n')
            .filter((line) => line.trim() !== '')
          const inAnyOrder = (lines: readonly string[]): readonly string[] =>
            lines.map((line) => line.replace(/,$/, '')).toSorted()
          t.same(inAnyOrder(made), inAnyOrder(should), resolution.text)
          t.equal(parse(grammarOf(path) ?? 'go', resolution.text).find({ rule: { kind: 'ERROR' } }), null)
        }),
        { numRuns: 60 },
      )
    }
    t.ok(resolved > 100, 'and many conflicts were resolved')
    t.end()
  },
)

void t.test('a line of many names takes no time for each of them', (t) => {
  const names = Array.from({ length: 4_000 }, (_, at) => `name${at}`).join(', ')
  const line = (more: string): string => `import { ${names}${more} } from 'x'\n`
  const texts = { base: line(''), ours: line(', mine'), theirs: line(', other') }
  const began = process.cpuUsage()
  const resolution = resolveText({ path: 'a.ts', ...mergeOf(texts) }, { upTo: 'likely', off: [] }, parse)
  t.match(resolution, { how: 'resolved', text: line(', mine, other') })
  const { user } = process.cpuUsage(began)
  t.ok(user < 2_000_000, `${user / 1000} ms of a core`)
  t.end()
})

void t.test('elements that are all alike take no time for each other', (t) => {
  const alike = Array.from({ length: 5_000 }, () => ({ key: null, text: 'same' }))
  const began = process.cpuUsage()
  const merged = mergeElements({ base: alike, ours: alike, theirs: alike, areSorted: false }, () => null)
  t.equal(merged?.elements.length, alike.length)
  const { user } = process.cpuUsage(began)
  t.ok(user < 1_000_000, `${user / 1000} ms of a core`)
  t.end()
})

void t.test('texts that do not parse are left alone or resolved, and never throw', (t) => {
  const cut = fc.tuple(
    fc.constantFrom(...lists),
    fc.array(fc.tuple(fc.nat(2), fc.nat(200), fc.constantFrom('', '}', '(', '"', '\n', ',', '\uD800')), {
      maxLength: 4,
    }),
  )
  fc.assert(
    fc.property(cut, ([one, cuts]) => {
      const texts = [one.base, one.ours, one.theirs]
      for (const [which, at, put] of cuts)
        texts[which] = `${texts[which]?.slice(0, at)}${put}${texts[which]?.slice(at + 1)}`
      const [base = '', ours = '', theirs = ''] = texts
      t.match(resolutionOf(one.path, { base, ours, theirs }).how, /resolved|left/)
    }),
    { numRuns: 200 },
  )
  t.end()
})

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
