import t from 'tap'
import { resolveText } from '../../src/merge/resolve-text.ts'
import { brokenSyntax } from '../../src/merge/syntax/syntax-guards.ts'
import { treesBy } from '../../src/merge/syntax/trees.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays } from '../../src/merge/text/three-way.ts'
import { type Grammar, grammarOf } from '../../src/syntax/grammar.ts'
import { loadParser } from '../../src/syntax/parser.ts'

const parse = loadParser()

interface Result {
  readonly title: string
  readonly grammar: Grammar
  readonly base: string
  readonly ours: string
  readonly theirs: string
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
    t.equal(brokenSyntax(text, versions, treesBy(parse, grammar)), broken)
    t.end()
  })
}

function resolved(path: string, versions: { base: string; ours: string; theirs: string }, isRead = true) {
  const lines = { base: linesOf(versions.base), ours: linesOf(versions.ours), theirs: linesOf(versions.theirs) }
  const text = { path, segments: mergeThreeWays(lines), ...lines }
  return resolveText(text, { upTo: 'likely', off: [] }, isRead ? parse : null)
}

void t.test('a resolved file whose syntax speaks against it goes back to conflict', (t) => {
  const versions = {
    base: 'def load(url_or_filename):\n    a = first(url_or_filename)\n    return read(a)\n',
    ours: 'def load(urlpath):\n    a = first(urlpath)\n    return read(a)\n',
    theirs:
      'def load(url_or_filename):\n    a = first(url_or_filename)\n    b = second(url_or_filename, a)\n    return read(a, b)\n',
  }
  t.match(resolved('a.py', versions, false), { how: 'resolved' }, 'the rules for lines see nothing wrong')
  t.match(resolved('a.py', versions), { how: 'left', reason: /url_or_filename is still used/ })
  t.equal(grammarOf('a.rs'), null)
  t.match(resolved('a.rs', versions), { how: 'resolved' }, 'a language without a grammar has no such guard')
  t.end()
})
