import fc from 'fast-check'
import t from 'tap'
import { kinds as realKinds } from '../../src/agents/registry.ts'
import { must } from '../../src/errors.ts'
import { namePattern } from '../../src/ids.ts'
import { manifestToYaml } from '../../src/plan/as-manifest.ts'
import { isExpression, readExpression } from '../../src/plan/expression.ts'
import type { PlanKind } from '../../src/plan/kinds.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import type { Manifest, Reading } from '../../src/plan/task.ts'

/** A kind that does whatever it is asked. */
const willing: PlanKind = {
  summary: 'Does whatever it is asked.',
  options: must(realKinds, 'command').options,
  preferredMode: 'async',
  preferredWorkspace: () => 'own',
  willWrite: () => null,
  mistakes: () => [],
}
const anything = new Map([
  ['local', willing],
  ['coder', willing],
])
const express = (text: string, kinds: ReadonlyMap<string, PlanKind> = realKinds): Reading<Manifest> =>
  readExpression(text, { kinds })

function sound(reading: Reading<Manifest>): Manifest {
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes))
  return reading.value
}

/** Tasks as `id` or `id<need,need`. */
const outline = ({ tasks }: Manifest): string =>
  tasks.map(({ id, needs }) => (needs.length === 0 ? id : `${id}<${needs.join()}`)).join(' ')

const outlines: readonly (readonly [string, string])[] = [
  ['review "security issues" auth.py AND test auth.py AND docs auth.py', 'review-auth test-auth docs-auth'],
  ['review a.py THEN docs a.py', 'review-a docs-a<review-a'],
  ['review a.py AND review b.py THEN docs a.py', 'review-a review-b docs-a<review-a,review-b'],
  ['review a.py AND (review b.py THEN docs a.py)', 'review-a review-b docs-a<review-b'],
  ['review a.py THEN docs a.py AND docs b.py', 'review-a docs-a<review-a docs-b<review-a'],
  ['docs a.py THEN docs b.py THEN docs c.py', 'docs-a docs-b<docs-a docs-c<docs-b'],
  [
    'review a.py AND (docs b.py THEN test b.py) THEN review c.py',
    'review-a docs-b test-b<docs-b review-c<review-a,test-b',
  ],
  ['((review a.py)THEN(docs a.py AND(docs b.py)))', 'review-a docs-a<review-a docs-b<review-a'],
  ['review\n  a.py\nTHEN docs a.py', 'review-a docs-a<review-a'],
]

t.test('AND is beside, THEN is after, AND binds tighter, brackets group', async (t) => {
  for (const [text, expected] of outlines) t.equal(outline(sound(express(text))), expected, text)
})

t.test('a clause has a verb, a prompt, paths and an agent', async (t) => {
  const clause = (text: string): unknown => {
    const [task] = sound(express(text, anything)).tasks
    return [task?.verb, task?.prompt, task?.files, task?.agent]
  }
  t.same(clause('fix'), ['fix', null, [], 'local'])
  t.same(clause('fix "it" ./a//b.js c/'), ['fix', 'it', ['a/b.js', 'c'], 'local'])
  t.same(clause('fix a.js \'it\' "odd (name).js" @coder'), ['fix', 'it', ['a.js', 'odd (name).js'], 'coder'])
  t.same(clause(String.raw`fix @coder "say \"hi\" \\ \'" 'it\'s'`), [
    'fix',
    String.raw`say "hi" \ '`,
    ["it's"],
    'coder',
  ])
  t.same(clause('fix "AND" "THEN"'), ['fix', 'AND', ['THEN'], 'local'], 'in quotes a keyword is a text')
  t.same(clause('fix "{{task.files}}" a.js'), ['fix', '{{task.files}}', ['a.js'], 'local'])
})

t.test('ids name the verb and the file, each once, and fit file names and refs', async (t) => {
  const ids = (text: string): readonly string[] => sound(express(text, anything)).tasks.map(({ id }) => id)
  t.same(ids('fix A.js AND fix a.js AND fix src/A.ts AND fix a-2.js'), ['fix-A', 'fix-a-2', 'fix-A-3', 'fix-a-2-2'])
  t.same(ids('fix .env AND fix src/ AND fix "x y.tar.gz" AND fix'), ['fix-.env', 'fix-src', 'fix', 'fix-2'])
  t.same(ids('fix a..b.js AND fix x.lock.js AND ünïcödé AND 日本'), ['fix-a.b', 'fix-x-lock', 'n-c-d', 'task'])
  t.same(ids('proposal AND Proposal'), ['proposal-2', 'Proposal-3'], "one name is the run's own")
  t.equal(ids(`fix ${'a'.repeat(100)}.js`)[0]?.length, 56)
})

const mistakes: readonly (readonly [string, string])[] = [
  ['', '1:1 a task begins with its verb, as in: review "security" auth.py; found the end'],
  ['review a.py AND', '1:16 a task begins with its verb, as in: review "security" auth.py; found the end'],
  ['AND review a.py', '1:1 a task begins with its verb, as in: review "security" auth.py; found "AND"'],
  ['review a.py THEN AND docs b.py', '1:18 a task begins with its verb, as in: review "security" auth.py; found "AND"'],
  ['"prompt" review', '1:1 a task begins with its verb, as in: review "security" auth.py; found "prompt"'],
  ['@local review a.py', '1:1 a task begins with its verb, as in: review "security" auth.py; found "local"'],
  ['() AND review a.py', '1:2 a task begins with its verb, as in: review "security" auth.py; found ")"'],
  ['(review a.py', '1:1 this bracket is not closed'],
  ['review a.py)', '1:12 this bracket was not opened'],
  [
    'review a.py) THEN reviw b.py',
    "1:12 this bracket was not opened\n1:19 local knows review, test and docs; use a command or model agent for 'reviw'",
  ],
  ['review a.py (docs b.py)', '1:13 AND or THEN must stand here'],
  [`${'('.repeat(101)}review${')'.repeat(101)}`, '1:101 brackets are nested more than 100 deep'],
  ['review a.py @nobody @local', '1:21 a task has one agent, and @nobody was named already'],
  ['review a.py @locl', '1:13 no agent is called locl; did you mean local?'],
  ['review a.py @', '1:13 the name of an agent must follow the @'],
  ['review "" a.py', '1:8 the prompt must not be empty'],
  ['review "x', '1:8 the quote " is not closed'],
  [String.raw`review 'x\'`, "1:8 the quote ' is not closed"],
  ['review a.py and docs b.py', '1:13 write AND in capitals; quote and if it is a path'],
  ['review a.py Then docs b.py', '1:13 write THEN in capitals; quote Then if it is a path'],
  ['review ../a.py', '1:8 the path "../a.py" must stay inside the repository'],
  ['review "p" /a.py', '1:12 the path "/a.py" must be relative to the repository: it is absolute'],
  ['review "{{task.fils}}" a.py', '1:8 unknown variable {{task.fils}}; did you mean task.files?'],
  [
    'docs a.py THEN review "{{needs.docs-a.summary}} {{needs.docs.summary}}" a.py',
    '1:23 {{needs.docs.summary}}: docs is not among the needs of this task',
  ],
  ['reviw a.py', "1:1 local knows review, test and docs; use a command or model agent for 'reviw'"],
  ['docs', "1:1 local needs files for 'docs'"],
  ['review a.py\n  AND docs', "2:7 local needs files for 'docs'"],
  [
    'reviw ../a.py @nobody AND (docs /b "{{x}}',
    [
      '1:7 the path "../a.py" must stay inside the repository',
      '1:15 no agent is called nobody',
      '1:27 this bracket is not closed',
      '1:33 the path "/b" must be relative to the repository: it is absolute',
      '1:36 the quote " is not closed',
      '1:36 unknown variable {{x}}; write {{{{ for two braces',
    ].join('\n'),
  ],
]

t.test('every mistake of an expression is told at once, with its column', async (t) => {
  for (const [text, expected] of mistakes) {
    const reading = express(text)
    const found = reading.ok ? [] : reading.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)
    t.equal(found.join('\n'), expected, text)
  }
})

type Tree = string | { readonly join: 'AND' | 'THEN'; readonly parts: readonly Tree[] }

const { tree: trees } = fc.letrec<{ tree: Tree; leaf: string; node: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('leaf'), tie('node')),
  leaf: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  node: fc.record({
    join: fc.constantFrom('AND' as const, 'THEN' as const),
    parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  }),
}))

/** The tree as an expression; `bare` where no brackets are needed around a joined part. */
function print(tree: Tree, bare: (join: string) => boolean): string {
  if (typeof tree === 'string') return `fix "${tree}" ${tree}.js`
  const text = tree.parts
    .map((part) => print(part, (inner) => tree.join === 'THEN' && inner === 'AND'))
    .join(` ${tree.join} `)
  return bare(tree.join) || (tree.parts.length === 1 && typeof tree.parts[0] === 'string') ? text : `(${text})`
}

/** What the tree means, told in another way: places of all tasks, with the places that each needs. */
function meaning(tree: Tree, before: readonly number[], all: (readonly number[])[]): readonly number[] {
  if (typeof tree === 'string') return [all.push(before) - 1]
  let sinks: readonly number[] = []
  let needs = before
  for (const part of tree.parts) {
    const ends = meaning(part, needs, all)
    sinks = tree.join === 'AND' ? [...sinks, ...ends] : ends
    if (tree.join === 'THEN') needs = ends
  }
  return sinks
}

t.test('property: any nesting means what it says, and reads back from the manifest it stands for', async (t) => {
  fc.assert(
    fc.property(trees, (tree) => {
      const manifest = sound(
        express(
          print(tree, () => true),
          anything,
        ),
      )
      const places = new Map(manifest.tasks.map(({ id }, place) => [id, place]))
      const expected: (readonly number[])[] = []
      meaning(tree, [], expected)
      t.same(
        manifest.tasks.map(({ needs }) => needs.map((need) => places.get(need))),
        expected,
      )
      t.same(sound(readManifest(manifestToYaml(manifest, { schema: null }), { kinds: anything })), manifest)
    }),
    { numRuns: 200 },
  )
})

t.test('property: any text is read or has mistakes within it, and what is read is a sound manifest', async (t) => {
  const scraps = fc.constantFrom(
    'fix',
    'a.js',
    ' ',
    ' AND ',
    ' THEN ',
    'and',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '@',
    '@local',
    '"p"',
    '{{',
    '}}',
    '\n',
    '/',
    '..',
    '.lock',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ arbitrary: scraps, weight: 9 }, { arbitrary: fc.string(), weight: 1 })),
      (parts) => {
        const text = parts.join('')
        const reading = express(text, anything)
        if (reading.ok) {
          t.same(
            sound(readManifest(manifestToYaml(reading.value, { schema: null }), { kinds: anything })),
            reading.value,
          )
          return reading.value.tasks.every(({ id }) => namePattern.test(id))
        }
        const lines = text.split('\n')
        return (
          reading.mistakes.length > 0 &&
          reading.mistakes.every(({ line, column }) => column >= 1 && column <= (lines[line - 1] ?? '').length + 1)
        )
      },
    ),
    { numRuns: 1000 },
  )
})

t.test('what is printed of an expression is plain: no anchors, however many tasks wait for the same', async (t) => {
  const { tasks } = sound(express('fix a AND fix b THEN fix c AND fix d', anything))
  const manifest = { ...sound(express('fix a', anything)), tasks }
  t.notMatch(manifestToYaml(manifest, { schema: null }), /[&*]/)
})

t.test('an argument is an expression when it can be no plain path', async (t) => {
  for (const text of ['review a.py', '(review)', 'review\ta.py', ' review "x" ']) t.ok(isExpression(text), text)
  for (const text of ['troupe.yaml', 'review', ' a/b.yaml ', '']) t.notOk(isExpression(text), text)
})
