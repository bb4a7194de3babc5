import { fileURLToPath } from 'node:url'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Git, openGit } from '../../src/changes/git.ts'
import { openObjects } from '../../src/changes/objects.ts'
import { diffTrees } from '../../src/changes/tree-diff.ts'
import { editTree } from '../../src/changes/tree-edit.ts'
import type { TreeEntry } from '../../src/changes/tree-object.ts'
import { asAgentName, asCommitId, asTaskId, asTreeId, type CommitId, type TreeId } from '../../src/ids.ts'
import { compatibleSet } from '../../src/merge/compatible-set.ts'
import { finishMerges } from '../../src/merge/finish-merges.ts'
import { foldSides, type SidesFold } from '../../src/merge/fold-sides.ts'
import { did } from '../../src/merge/footprint.ts'
import { judge } from '../../src/merge/judge.ts'
import { ledgerFiles } from '../../src/merge/ledger-files.ts'
import { mergeCommits } from '../../src/merge/merge-tree.ts'
import { plainChecking } from '../../src/merge/proposal-request.ts'
import { resolvers } from '../../src/merge/resolvers/registry.ts'
import type { Grade } from '../../src/merge/resolvers/resolver.ts'
import { SideMerges } from '../../src/merge/side-merges.ts'
import { type BegunText, TextMerges } from '../../src/merge/text-merges.ts'
import { emptyFolder, troupe, troupeHere } from '../acceptance/troupe.ts'

/** What lies at a path: text, bytes, an entry as git has it, or nothing. */
type Content = string | Buffer | { readonly mode: string; readonly text: string } | null
type Files = Readonly<Record<string, Content>>

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-sides-')))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const bare = join(folder, 'repository.git')
execFileSync('git', ['init', '--quiet', '--bare', bare])
const git = openGit(bare)
const objects = openObjects(git)
t.teardown(() => objects[Symbol.asyncDispose]())
const emptyTree = asTreeId(await objects.write('tree', Buffer.alloc(0)))

async function treeWith(tree: TreeId, files: Files): Promise<TreeId> {
  const edits = new Map<string, TreeEntry | null>()
  for (const [path, content] of Object.entries(files)) edits.set(path, content === null ? null : await entry(content))
  return await editTree(objects, tree, edits)
}

async function entry(content: Exclude<Content, null>): Promise<TreeEntry> {
  const { mode, text } =
    typeof content === 'string' || Buffer.isBuffer(content) ? { mode: '100644', text: content } : content
  return { mode, oid: await objects.write('blob', Buffer.from(text)) }
}

async function commit(tree: TreeId, parent: CommitId | null = null): Promise<CommitId> {
  const who = 'T <t@localhost> 1 +0000'
  const parents = parent === null ? '' : `parent ${parent}\n`
  return asCommitId(
    await objects.write('commit', Buffer.from(`tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\nx\n`)),
  )
}

/** A base and commits on it. */
async function scene(
  base: Files,
  sides: readonly Files[],
): Promise<{ base: CommitId; tree: TreeId; sides: CommitId[] }> {
  const tree = await treeWith(emptyTree, base)
  const start = await commit(tree)
  return {
    base: start,
    tree,
    sides: await Promise.all(sides.map(async (side) => commit(await treeWith(tree, side), start))),
  }
}

const fold = async (base: Files, sides: readonly Files[], upTo: Grade = 'likely'): Promise<SidesFold> =>
  foldSides({ git, objects, ...(await scene(base, sides)), policy: { upTo, off: [] } })

const textAt = (tree: TreeId | null, path: string): string =>
  execFileSync('git', ['-C', bare, 'cat-file', 'blob', `${tree}:${path}`], { encoding: 'utf8' })

const lines = (count: number, change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: count }, (_, at) => `${change[at] ?? `line ${at}`}\n`).join('')

/** The same four lines over and over. */
const often = (count: number): string => ['}\n', '\n', '  end\n', '\n'].join('').repeat(Math.ceil(count / 4))

/** Two sides with what git itself makes of them, and whether that is clean. */
const pairs: Readonly<Record<string, { base: Files; one: Files; two: Files }>> = {
  'files of their own': { base: { a: '1\n' }, one: { b: '2\n' }, two: { 'c/d': '3\n' } },
  'places of one file': { base: { a: lines(9) }, one: { a: lines(9, { 1: 'x' }) }, two: { a: lines(9, { 7: 'y' }) } },
  'the same change': { base: { a: '1\n' }, one: { a: '2\n' }, two: { a: '2\n' } },
  'a rename and a change': {
    base: { 'old.txt': lines(20) },
    one: { 'old.txt': null, 'new.txt': lines(20) },
    two: { 'old.txt': lines(20, { 3: 'changed' }) },
  },
  'a rename and something else': {
    base: { 'a/old.txt': lines(20), 'a/other': '1\n', b: '1\n' },
    one: { 'a/old.txt': null, 'c/new.txt': lines(20) },
    two: { b: '2\n', 'a/other': '2\n', 'c/d': '3\n' },
  },
  'a renamed folder and a new file in it': {
    base: { 'd/a': lines(20), 'd/b': lines(21) },
    one: { 'd/a': null, 'd/b': null, 'e/a': lines(20), 'e/b': lines(21) },
    two: { 'd/new': 'new\n' },
  },
  'a mode and a content': {
    base: { a: lines(3) },
    one: { a: { mode: '100755', text: lines(3) } },
    two: { a: lines(3, { 1: 'x' }) },
  },
  links: {
    base: { a: { mode: '120000', text: 'b' } },
    one: { a: { mode: '120000', text: 'c' } },
    two: { a: { mode: '120000', text: 'd' } },
  },
  'a file where the other puts a folder': { base: { z: '1\n' }, one: { a: '1\n' }, two: { 'a/b': '1\n' } },
  'deleted and changed': { base: { a: lines(5) }, one: { a: null }, two: { a: lines(5, { 2: 'x' }) } },
  binary: {
    base: { a: Buffer.from([0, 1, 2]) },
    one: { a: Buffer.from([0, 1, 3]) },
    two: { a: Buffer.from([0, 1, 4]) },
  },
  'both added': { base: { z: '1\n' }, one: { a: 'one\n' }, two: { a: 'two\n' } },
  'unusual names': {
    base: { 'ü ñ\n"q"': lines(9), 'a\tb': '1\n' },
    one: { 'ü ñ\n"q"': lines(9, { 0: 'x' }) },
    two: { 'ü ñ\n"q"': lines(9, { 8: 'y' }), 'a\tb': '2\n' },
  },
  'bytes that are no UTF-8': {
    base: { a: Buffer.from(lines(9, { 4: '\xe4' }), 'latin1') },
    one: { a: Buffer.from(lines(9, { 0: '\xf6', 4: '\xe4' }), 'latin1') },
    two: { a: Buffer.from(lines(9, { 4: '\xe4', 8: '\xfc' }), 'latin1') },
  },
  'names that are no UTF-8': {
    base: { 'd\udce9/lat\udce9': lines(9), 'd\udce9/lat\udce8': '1\n', ü: '1\n' },
    one: { 'd\udce9/lat\udce9': lines(9, { 0: 'x' }), 'd\udce9/new\udcff': '2\n' },
    two: { 'd\udce9/lat\udce9': lines(9, { 8: 'y' }), 'd\udce9/lat\udce8': '2\n', ü: '2\n' },
  },
  'a byte that is no UTF-8 on one side only': {
    base: { a: lines(9, { 4: 'ü' }) },
    one: { a: Buffer.concat([Buffer.from(lines(9, { 4: 'ü' })), Buffer.from([0xe4, 10])]) },
    two: { a: lines(9, { 0: 'x', 4: 'ü' }) },
  },
  'little but lines that occur very often': {
    base: { a: often(300) },
    one: { a: `${often(40)}x\n${often(260)}` },
    two: { a: `${often(200)}y\n${often(104)}` },
  },
  'no newline at the end': {
    base: { a: lines(9) + 'end' },
    one: { a: lines(9, { 1: 'x' }) + 'end' },
    two: { a: lines(9) + 'END' },
  },
}

for (const [title, { base, one, two }] of Object.entries(pairs)) {
  void t.test(`two sides, ${title}: what git merges cleanly stays as it is`, async (t) => {
    const parts = await scene(base, [one, two])
    const { exitCode, stdout } = await git.run(['merge-tree', '--write-tree', '-z', ...parts.sides], { accept: [0, 1] })
    const two_ = await foldSides({ git, objects, ...parts, policy: { upTo: 'certain', off: [] } })
    // with a third side that meets nobody the way of many is taken
    const far = await commit(await treeWith(parts.tree, { 'far/away': 'x\n' }), parts.base)
    const many = await foldSides({
      git,
      objects,
      base: parts.base,
      sides: [...parts.sides, far],
      policy: { upTo: 'certain', off: [] },
    })
    if (exitCode === 0) {
      t.equal(two_.tree, stdout.split('\0')[0])
      t.equal(many.tree, await treeWith(two_.tree ?? emptyTree, { 'far/away': 'x\n' }))
    } else {
      t.match(two_, { tree: null, landed: { length: 1 } })
      t.same(many.landed, [two_.landed[0], 2], 'the same one')
      t.match(
        many.conflicts,
        two_.conflicts.map(({ files }) => ({ sides: [0, 1], files: files.map(({ path, kind }) => ({ path, kind })) })),
      )
    }
  })
}

void t.test('what git leaves in conflict is resolved as far as the grade allows, and says so', async (t) => {
  const base = { 'a.js': 'start()\nend()\n' }
  const one = { 'a.js': 'start()\nfunction one() {\n  return 1\n}\nend()\n' }
  const two = { 'a.js': 'start()\nconst other = new Map()\nend()\n', b: '2\n' }
  const merged = await fold(base, [one, two])
  t.match(merged, { landed: [0, 1], conflicts: [] })
  t.match(merged.resolved, [{ side: 1, path: 'a.js', chunks: [{ resolver: 'syntax-lists', line: 2, lines: 4 }] }])
  t.equal(textAt(merged.tree, 'a.js'), 'start()\nfunction one() {\n  return 1\n}\nconst other = new Map()\nend()\n')
  t.equal(textAt(merged.tree, 'b'), '2\n')
  const many = await fold(base, [one, two, { c: '3\n' }])
  t.equal(textAt(many.tree, 'a.js'), textAt(merged.tree, 'a.js'))
  t.same(many.landed, [0, 1, 2])
  t.match(await fold(base, [{ 'a.js': 'start(1)\n' }, { 'a.js': 'stop()\n' }, { c: '1\n' }]), {
    landed: { length: 2, 1: 2 },
  })
})

/** Both put something likely to go together at one place of a file. */
const inFile = (name: string, own: string): Files => ({ [name]: `start()\nconst ${own} = '${own}'\nend()\n` })

void t.test('one decision that is only likely for a pair: of more than one only a check can tell', async (t) => {
  const base = { 'a.js': 'start()\nend()\n', 'b.js': 'start()\nend()\n' }
  const one = { ...inFile('a.js', 'first'), ...inFile('b.js', 'second') }
  const two = { ...inFile('a.js', 'third'), ...inFile('b.js', 'fourth') }
  const left = { tree: null, conflicts: [{ sides: [0, 1], files: [{ path: 'a.js' }, { path: 'b.js' }] }], resolved: [] }
  t.match(await fold(base, [one, two]), left)
  const many = await fold(base, [one, two, { c: '1\n' }])
  t.match(many.conflicts, left.conflicts)
  t.equal(many.landed.length, 2)
  for (const sides of [
    [one, two],
    [one, two, { c: '1\n' }],
  ]) {
    const { landed, resolved } = await fold(base, sides, 'checked')
    t.same(landed, [...sides.keys()])
    t.equal(resolved.length, 2)
  }
  const { resolved } = await fold(base, [one, two], 'checked')
  const chunk = { grade: 'checked', evidence: /; one of 2 that are only likely$/ }
  t.match(resolved, [{ chunks: [chunk] }, { chunks: [chunk] }])
})

void t.test('names that both bring in are no doubt beside what uses them, and one by themselves', async (t) => {
  const file = (more: string, use: string): string => `import a from 'a'\n${more}\na()\n${use}done()\n`
  const base = { 'a.js': file('', ''), 'b.js': file('', '') }
  const side = (name: string, use = `const ${name}Of = ${name}.${name}\n`): string =>
    file(`import ${name} from '${name}'\n`, use)
  const using = await fold(base, [{ 'a.js': side('b') }, { 'a.js': side('c') }])
  t.match(using, { landed: [0, 1], conflicts: [], resolved: [{ chunks: [{ grade: 'likely' }, { grade: 'likely' }] }] })
  const instead = (name: string): string => side(name).replace("import a from 'a'\n", '')
  t.match(await fold(base, [{ 'a.js': instead('b') }, { 'a.js': side('c') }]), { tree: null }, 'one took a name away')
  const both = (name: string): Files => ({ 'a.js': side(name, ''), 'b.js': side(name, '') })
  t.match(await fold(base, [both('b'), both('c')]), { tree: null })
  const twice = (name: string): Files => ({ 'a.js': side(name), ...inFile('c.js', name) })
  t.match(await fold({ ...base, 'c.js': 'start()\nend()\n' }, [twice('b'), twice('c')]), { tree: null })
})

void t.test('every pair of sides bears a doubt of its own', async (t) => {
  const base = { 'a.js': 'start()\nend()\n', 'b.js': 'start()\nend()\n' }
  const middle = { ...inFile('a.js', 'first'), ...inFile('b.js', 'second') }
  const folded = await fold(base, [middle, inFile('a.js', 'third'), inFile('b.js', 'fourth')])
  t.match(folded, { landed: [0, 1, 2], conflicts: [] })
  t.same(
    folded.resolved.flatMap(({ chunks }) => chunks.map(({ grade }) => grade)),
    ['likely', 'likely'],
  )
})

void t.test('names that are no UTF-8 stay what they are', async (t) => {
  const base = { 'lat\udce9': lines(9), 'lat\udce8': '1\n' }
  const { tree } = await fold(base, [{ 'lat\udce9': 'x\n' }, { 'd/lat\udcff': '2\n' }, { z: '3\n' }])
  const names = execFileSync('git', ['-C', bare, 'ls-tree', '-r', '-z', '--name-only', tree ?? ''], {
    encoding: 'latin1',
  })
  t.same(names.split('\0').slice(0, -1), ['d/lat\xff', 'lat\xe8', 'lat\xe9', 'z'])
})

void t.test('where the driver of the user gives up, nothing is resolved in silence', async (t) => {
  await git.run(['config', 'merge.never.driver', 'false'])
  t.teardown(async () => await git.run(['config', '--remove-section', 'merge.never']))
  execFileSync('sh', ['-c', `mkdir -p info && echo '*.js merge=never' > info/attributes`], { cwd: bare })
  t.teardown(() => rmSync(join(bare, 'info/attributes'), { force: true }))
  const sides = [{ 'a.js': lines(9, { 0: 'x' }) }, { 'a.js': lines(9, { 8: 'y' }) }]
  t.match(await fold({ 'a.js': lines(9) }, sides), {
    tree: null,
    conflicts: [{ sides: [0, 1], files: [{ path: 'a.js' }] }],
  })
})

void t.test('sides that are the same land together, and what differs from the base is what counts', async (t) => {
  const parts = await scene({ a: lines(9) }, [{ a: lines(9, { 0: 'x' }) }, { a: lines(9, { 0: 'y' }) }, { b: '1\n' }])
  const [one = parts.base, two = parts.base, three = parts.base] = parts.sides
  const again = await commit(
    asTreeId(execFileSync('git', ['-C', bare, 'rev-parse', `${two}^{tree}`], { encoding: 'utf8' }).trim()),
    one,
  )
  const given = { git, objects, base: parts.base, policy: { upTo: 'certain', off: [] } } as const
  const many = await foldSides({ ...given, sides: [one, two, three, again, parts.base] })
  t.same(many.landed, [1, 2, 3, 4], 'two are worth more than one')
  t.same(new Set(many.conflicts.map(({ sides }) => sides.join())), new Set(['0,1', '0,3']))
  t.match(await foldSides({ ...given, sides: [two, again] }), { landed: [0, 1], conflicts: [] })
  t.match(await foldSides({ ...given, sides: [one, again] }), { tree: null, conflicts: { length: 1 } })
})

void t.test('a side that goes with each of some but not with all costs no more than itself', async (t) => {
  const words = ['alpha', 'beta', 'gamma']
  const sideOf = (at: number): Files => ({
    'f.txt': `${words.map((word, nth) => (nth === at ? `other${at}` : word)).join(' ')}\n`,
    [`own${at}`]: `${at}\n`,
  })
  const parts = await scene({ 'f.txt': 'alpha beta gamma\n' }, [0, 1, 2].map(sideOf))
  const given = { git, objects, base: parts.base, policy: { upTo: 'likely', off: [] } } as const
  const [one = parts.base, two = parts.base, three = parts.base] = parts.sides
  for (const pair of [
    [one, two],
    [one, three],
    [two, three],
  ])
    t.equal((await foldSides({ ...given, sides: pair })).landed.length, 2)
  const all = await foldSides({ ...given, sides: parts.sides })
  t.equal(all.landed.length, 2, 'each two of them go together, but not all three')
  const refused = [0, 1, 2].find((number) => !all.landed.includes(number)) ?? 0
  // there are two of the one that is refused, so that the pairs alone speak for it
  const rival = await commit(await treeWith(parts.tree, { [`own${refused}`]: 'rival\n' }), parts.base)
  const twin = await commit(await treeWith(parts.tree, sideOf(refused)), one)
  const more = await foldSides({ ...given, sides: [...parts.sides, rival, twin] })
  t.equal(more.landed.length, 3, 'another set is looked for')
})

void t.test(
  'of sides that go together in pairs only those are told that changed something near each other',
  async (t) => {
    const lines = (changed: Readonly<Record<number, string>>): string =>
      Array.from({ length: 30 }, (_, at) => `${changed[at] ?? (at === 0 ? 'alpha beta gamma' : `line ${at}`)}\n`).join(
        '',
      )
    const words = ['alpha', 'beta', 'gamma']
    const first = words.map((_, at) => words.map((word, nth) => (nth === at ? `other${at}` : word)).join(' '))
    const changes = [...first.map((line) => ({ 0: line })), { 25: 'far away' }]
    const parts = await scene(
      { 'f.txt': lines({}) },
      changes.map((change) => ({ 'f.txt': lines(change) })),
    )
    const policy = { upTo: 'likely', off: [] } as const
    const { landed, conflicts } = await foldSides({ git, objects, base: parts.base, sides: parts.sides, policy })
    t.equal(landed.length, 3)
    t.ok(landed.includes(3))
    const left = [0, 1, 2].find((number) => !landed.includes(number)) ?? 3
    const near = [0, 1, 2].filter((number) => number !== left)
    t.same(new Set(conflicts.flatMap(({ sides }) => sides)), new Set([...near, left]))
    t.equal(conflicts.length, 2)
  },
)

void t.test('two sides need no process of git but where one touches what the other may have renamed', async (t) => {
  const calls: string[] = []
  const watched: Git = {
    ...git,
    run: async (args, options) => {
      calls.push(args.join(' '))
      return await git.run(args, options)
    },
    start(args) {
      calls.push(args.join(' '))
      return git.start(args)
    },
  }
  const home = emptyFolder(t) // nothing of the user's
  withVariables(t, { HOME: home, XDG_CONFIG_HOME: home })
  const foldOf = async (name: string): Promise<SidesFold> => {
    const { base = {}, one = {}, two = {} } = pairs[name] ?? {}
    const parts = await scene(base, [one, two])
    await using own = openObjects(watched, 'files')
    return await foldSides({ git: watched, objects: own, ...parts, policy: { upTo: 'certain', off: [] } })
  }
  const inMemory = ['files of their own', 'places of one file', 'bytes that are no UTF-8']
  for (const name of [...inMemory, 'little but lines that occur very often'])
    t.match(await foldOf(name), { landed: [0, 1] }, name)
  t.match(await foldOf('a rename and something else'), { landed: [0, 1] })
  for (const name of ['deleted and changed', 'both added'])
    t.match(await foldOf(name), { tree: null, conflicts: [{ sides: [0, 1] }] }, name)
  t.same(calls, [])
  t.match(await foldOf('a rename and a change'), { landed: [0, 1] })
  t.match(calls, [/merge-tree/])
  t.equal(calls.length, 1)
})

void t.test('two sides on which git crashes are in conflict with each other, and with nobody else', async (t) => {
  const files = ['a/in/deep/u', 'a/k', 'b/g', 'b/in/f', 'b/in/h']
  const base = Object.fromEntries(files.map((path) => [path, `${path}\n${lines(20)}`]))
  const move = (from: string, to: string): Files => ({ [from]: null, [to]: base[from] ?? null })
  const one = { ...move('b/g', 'a/g'), ...move('b/in/f', 'a/in/f'), ...move('b/in/h', 'a/in/h'), 'a/k': 'one\n' }
  const gone = { 'b/g': null, 'b/in/f': null, 'b/in/h': null }
  const two = { ...gone, ...move('a/in/deep/u', 'b/in/deep/u'), 'a/k': 'two\n' }
  // an assertion in merge-ort.c fails on these in git 2.39
  t.equal((await fold(base, [one, two])).tree, null)
  const parts = await scene(base, [one, two, { z: 'z\n' }])
  let isKilled = false
  let how = { exitCode: -1, stdout: '', stderr: 'merge-ort.c: Assertion failed.\nSIGABRT' }
  const crashing: Git = {
    ...git,
    run: async (args, options) =>
      parts.sides.slice(0, 2).every((side) => isKilled || args.includes(side)) ? how : await git.run(args, options),
  }
  const request = { git: crashing, objects, ...parts, policy: { upTo: 'likely', off: [] } } as const
  const folded = await foldSides(request)
  t.equal(folded.landed.length, 2)
  t.ok(folded.landed.includes(2), 'what has nothing to do with it lands')
  const told = folded.conflicts.map(({ sides, files: ones }) => ({
    sides,
    files: ones.map((f) => `${f.path} ${f.kind}`),
  }))
  const inQuestion = ['a/g', 'a/in/deep/u', 'a/in/f', 'a/in/h', 'a/k', 'b/g', 'b/in/deep/u', 'b/in/f', 'b/in/h']
  t.same(told, [{ sides: [0, 1], files: inQuestion.map((path) => `${path} rename`) }])
  how = { exitCode: 134, stdout: '', stderr: '' }
  t.match(await foldSides({ ...request, sides: parts.sides.slice(0, 2) }), {
    tree: null,
    conflicts: [{ sides: [0, 1] }],
  })
  how = { exitCode: -1, stdout: '', stderr: 'SIGKILL' }
  isKilled = true
  await t.rejects(foldSides(request), { code: 'GIT_FAILED' }, 'that git was killed says nothing of them')
})

void t.test('sides whose history is not all there are merged by what is there', async (t) => {
  const tree = await treeWith(emptyTree, { f: lines(30) })
  const sidesOn = async (base: CommitId): Promise<[CommitId, CommitId, CommitId]> => [
    await commit(await treeWith(tree, { f: null, g: lines(30) }), base),
    await commit(await treeWith(tree, { f: lines(30, { 3: 'x' }) }), base),
    await commit(await treeWith(tree, { f: lines(30, { 28: 'y' }) }), base),
  ]
  const policy = { upTo: 'likely', off: [] } as const
  const expectWhole = async (base: CommitId, sides: readonly CommitId[], change: Record<number, string>) => {
    const folded = await foldSides({ git, objects, base, sides, policy })
    t.equal(folded.landed.length, sides.length)
    t.equal(textAt(folded.tree, 'g'), lines(30, change))
  }
  const cutOff = await commit(tree, asCommitId('1'.repeat(40)))
  const [renamed, ...edited] = await sidesOn(cutOff)
  await expectWhole(cutOff, [renamed, edited[0]], { 3: 'x' })
  await expectWhole(cutOff, [renamed, ...edited], { 3: 'x', 28: 'y' })

  const base = await commit(tree)
  const shallow = await sidesOn(base)
  write(join(bare, 'shallow'), shallow.join('\n'))
  t.teardown(() => rmSync(join(bare, 'shallow'), { force: true }))
  await expectWhole(base, shallow.slice(0, 2), { 3: 'x' })
  await expectWhole(base, shallow, { 3: 'x', 28: 'y' })
  rmSync(join(bare, 'shallow'))
})

void t.test('attributes of the user are honoured among several sides', async (t) => {
  const base = { log: 'a\n' }
  const sides = [{ log: 'a\none\n' }, { log: 'a\ntwo words\n' }, { z: '1\n' }]
  write(join(bare, 'info/attributes'), 'log merge=union')
  t.teardown(() => rmSync(join(bare, 'info/attributes'), { force: true }))
  const { tree } = await fold(base, sides)
  t.equal(textAt(tree, 'log'), 'a\none\ntwo words\n')
})

/** Where the user may have said that both sides' lines of `log` stay. */
const saidIn: Readonly<Record<string, (home: string) => Readonly<Record<string, string>>>> = {
  "the repository's own attributes": () => write(join(bare, 'info/attributes'), 'log merge=union'),
  "the user's attributes": (home) => write(join(home, '.config/git/attributes'), 'log merge=union'),
  'a file that the configuration names': (home) =>
    write(join(home, '.gitconfig'), `[core]\n\tAttributesFile = ${attributesIn(home)}`),
  'a file that an included one names': (home) => {
    write(join(home, 'more'), `[core]\n\tattributesFile = ${attributesIn(home)}`)
    return write(join(home, '.config/git/config'), `[include] path = ${join(home, 'more')}`)
  },
  'the environment': (home) => ({
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.attributesFile',
    GIT_CONFIG_VALUE_0: attributesIn(home),
  }),
  'a file of configuration elsewhere': (home) => {
    write(join(home, 'elsewhere'), `[core]\n\tattributesFile = ${attributesIn(home)}`)
    return { GIT_CONFIG_GLOBAL: join(home, 'elsewhere') }
  },
  "the user's configuration, where a variable is empty": (home) => {
    write(join(home, '.config/git/config'), `[core]\n\tattributesFile = ${attributesIn(home)}`)
    return { XDG_CONFIG_HOME: '' }
  },
  'a driver for everything': (home) => write(join(home, '.gitconfig'), '[Merge]\n\tdefault = union'),
}

function write(path: string, text: string): Readonly<Record<string, string>> {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${text}\n`)
  return {}
}

function attributesIn(home: string): string {
  write(join(home, 'attributes'), 'log merge=union')
  return join(home, 'attributes')
}

for (const [place, prepare] of Object.entries(saidIn)) {
  void t.test(`attributes of the user are honoured, also in memory: ${place}`, async (t) => {
    const home = emptyFolder(t)
    t.teardown(() => rmSync(join(bare, 'info/attributes'), { force: true }))
    withVariables(t, { HOME: home, XDG_CONFIG_HOME: join(home, '.config') })
    const asked = async () => (await fold({ log: 'a\n' }, [{ log: 'one\n' }, { log: 'two words\n' }])).tree
    t.equal(await asked(), null)
    withVariables(t, prepare(home))
    t.match(textAt(await asked(), 'log'), /^(?:one\ntwo words|two words\none)\n$/)
  })
}

type Teardown = Parameters<typeof emptyFolder>[0]

/** Sets variables of this process for one test. */
function withVariables(t: Teardown, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    process.env[name] = value
    t.teardown(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
}

void t.test('what a submodule was moved to lands, also where the user is not told of that', async (t) => {
  const checkout = emptyFolder(t)
  execFileSync('git', ['init', '--quiet', checkout])
  const here = openGit(checkout)
  writeFileSync(join(checkout, '.gitmodules'), '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n\tignore = all\n')
  const commitWith = async (edits: readonly string[], parent: CommitId | null): Promise<CommitId> => {
    await here.run(['read-tree', parent ?? '--empty'])
    await here.run(['update-index', '--add', '--index-info'], { input: edits.map((one) => `${one}\n`).join('') })
    const parents = parent === null ? [] : ['-p', parent]
    return asCommitId(await here.text(['commit-tree', await here.text(['write-tree']), ...parents, '-m', 'x']))
  }
  const blob = async (text: string): Promise<string> =>
    await here.text(['hash-object', '-w', '--stdin'], { input: text })
  const [text, first, last] = [
    await blob(lines(30)),
    await blob(lines(30, { 0: 'a' })),
    await blob(lines(30, { 29: 'b' })),
  ]
  const lib = (digit: string): string => `160000 ${digit.repeat(40)}\tlib`
  const base = await commitWith([`100644 ${text}\tf.txt`, `100644 ${text}\tg.txt`, lib('1')], null)
  const moving = await commitWith([lib('2'), `100644 ${first}\tf.txt`], base)
  const renaming = await commitWith([`0 ${'0'.repeat(40)}\tg.txt`, `100644 ${text}\th.txt`], base)
  const editing = await commitWith([`100644 ${last}\tf.txt`], base)
  const others: CommitId[] = []
  for (const at of Array(8).keys()) others.push(await commitWith([`100644 ${text}\tn${at}.txt`], base))
  await here.run(['read-tree', base])
  await using own = openObjects(here)
  const policy = { upTo: 'likely', off: [] } as const
  for (const sides of [
    [moving, renaming, editing],
    [moving, ...others],
  ]) {
    const { tree, landed } = await foldSides({ git: here, objects: own, base, sides, policy })
    t.equal(landed.length, sides.length)
    t.match(await here.text(['ls-tree', String(tree), 'lib']), '2'.repeat(40), `${sides.length} sides`)
  }
  const changeSet = { task: asTaskId('t'), agent: asAgentName('a'), attempt: 1, base, commit: moving, files: [] }
  const candidates = [{ changeSet: { ...changeSet, tree: emptyTree }, owns: null, needs: [], message: 'x' }]
  const files = await ledgerFiles({ git: here, objects: own, folded: { base, commit: moving }, candidates })
  t.same(files.map(({ path }) => path).toSorted(), ['f.txt', 'lib'], 'and it is accounted for')
  const unasked = { atOnce: 1, check: () => Promise.resolve([]), prepares: () => Promise.resolve(true), ran: () => 0 }
  const judged = { candidates: [{ base, commit: moving }], checks: [], settings: plainChecking }
  t.match(await judge({ git: here, checker: unasked }, judged), [{ lines: 4 }])
})

void t.test('the largest set that goes together is taken, and the rest told', async (t) => {
  const mine = (text: string): Files => ({ a: `${text}\n`, [text]: 'own\n' })
  const result = await fold({ a: 'base\n' }, [
    mine('all of one'),
    mine('some of two'),
    { b: '1\n' },
    { a: 'base\n', c: '1\n' },
  ])
  t.same(result.landed.slice(-2), [2, 3])
  t.equal(result.landed.length, 3)
  t.match(result.conflicts, [{ sides: [0, 1], files: [{ path: 'a', kind: 'content' }] }])
  t.match(await fold({ a: '1\n' }, [{ a: '2\n' }]), { landed: [0] })
})

/** Random edits of a few files by several sides. */
const places = fc.record({ file: fc.nat(3), line: fc.nat(24), text: fc.constantFrom('x', 'y', 'z', 'w') })
const work = fc.array(places, { minLength: 1, maxLength: 4 })
const filesOf = (edits: readonly { file: number; line: number; text: string }[]): Files =>
  Object.fromEntries(
    [...Map.groupBy(edits, ({ file }) => file)].map(([file, all]) => [
      `f${file}`,
      lines(25, Object.fromEntries(all.map(({ line, text }) => [line, `${text}${line}`]))),
    ]),
  )
const start: Files = Object.fromEntries([0, 1, 2, 3].map((file) => [`f${file}`, lines(25)]))

void t.test('property: sides in any order give one tree, and no marker ever', async (t) => {
  const property = fc.asyncProperty(fc.array(work, { minLength: 2, maxLength: 7 }), fc.nat(), async (works, turn) => {
    const { base, sides } = await scene(start, works.map(filesOf))
    const rotated = [...sides.slice(turn % sides.length), ...sides.slice(0, turn % sides.length)]
    const given = { git, objects, base, policy: { upTo: 'likely', off: [] } } as const
    const [first, second] = [await foldSides({ ...given, sides }), await foldSides({ ...given, sides: rotated })]
    t.equal(second.tree, first.tree)
    const named = (fold: SidesFold, of: readonly CommitId[]): readonly string[] =>
      fold.landed.map((one) => of[one] ?? '').toSorted()
    t.same(named(second, rotated), named(first, sides))
    if (first.tree === null) return
    const { stdout } = await git.run(['grep', '-l', '-E', '^(<<<<<<<|>>>>>>>)', first.tree], { accept: [0, 1] })
    t.equal(stdout, '')
  })
  await fc.assert(property, { numRuns: 60 })
})

const codeLine = fc.constantFrom('', '}', '  return', 'a', 'b', 'c', 'd', 'x = 1', 'y = 2', 'end', '  }', 'if (a) {')
const splice = fc.record({ at: fc.nat(40), remove: fc.nat(3), put: fc.array(codeLine, { maxLength: 3 }) })
const splices = fc.array(splice, { minLength: 1, maxLength: 4 })

void t.test('property: two sides are clean exactly where git merges them, and then the same', async (t) => {
  const apply = (text: readonly string[], changes: readonly { at: number; remove: number; put: readonly string[] }[]) =>
    changes.reduce((now, { at, remove, put }) => now.toSpliced(at % (now.length + 1), remove, ...put), text)
  let clean = 0
  const property = fc.asyncProperty(
    fc.array(codeLine, { maxLength: 40 }),
    splices,
    splices,
    async (text, mine, other) => {
      const file = (all: readonly string[]): Files => ({ f: all.map((line) => `${line}\n`).join('') })
      const { base, sides } = await scene(file(text), [file(apply(text, mine)), file(apply(text, other))])
      const { exitCode, stdout } = await git.run(['merge-tree', '--write-tree', ...sides], { accept: [0, 1] })
      const off = resolvers.map(({ name }) => name)
      const { tree } = await foldSides({ git, objects, base, sides, policy: { upTo: 'certain', off } })
      t.equal(tree, exitCode === 0 ? stdout.trim() : null)
      clean += Number(exitCode === 0)
    },
  )
  await fc.assert(property, { numRuns: 120 })
  t.ok(clean > 5 && clean < 115, `${clean} of 120 were clean`)
})

/** What one side does to files that lie in a few folders. */
type Deed =
  | { readonly kind: 'move'; readonly from: number; readonly to: number; readonly line: string | null }
  | { readonly kind: 'move folder'; readonly from: number; readonly to: number; readonly line: string | null }
  | { readonly kind: 'write'; readonly isNew: boolean; readonly to: number; readonly line: string }
  | { readonly kind: 'turn'; readonly into: 'nothing' | 'empty' | 'binary' | 'executable'; readonly from: number }

const manyPaths = ['top', 'a/one', 'a/two', 'a/b/three', 'a/b/four', 'c/five', 'c/six', 'd/seven', 'c/b/eight', 'a']
const manyFolders = ['a', 'a/b', 'c', 'd', 'e/f']
const old = fc.nat(6)
const any = fc.nat(manyPaths.length - 1)
const word = fc.constantFrom('x', 'y')
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('move'), from: old, to: any, line: fc.option(word) }),
  fc.record({ kind: fc.constant('move folder'), from: old, to: any, line: fc.option(word) }),
  fc.record({
    kind: fc.constant('turn'),
    into: fc.constantFrom('nothing', 'empty', 'binary', 'executable'),
    from: old,
  }),
  fc.record({ kind: fc.constant('write'), isNew: fc.constant(false), to: any, line: word }),
  fc.record({ kind: fc.constant('write'), isNew: fc.constant(true), to: fc.constantFrom(7, 7, 8, 9), line: word }),
)

const bodyOf = (path: string): string =>
  Array.from({ length: 12 }, (_, at) => `${path} ${at} ${(at * 7 + path.length) % 5}\n`).join('')

const startOfMany: Files = Object.fromEntries(manyPaths.slice(0, 7).map((path) => [path, bodyOf(path)]))

/** Files after some deeds; a path that another needs as a folder goes. */
function afterDeeds(deeds: readonly Deed[]): Files {
  const files = new Map<string, Content>(Object.entries(startOfMany))
  const put = (path: string, content: Content): void => {
    for (const other of files.keys())
      if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) files.set(other, null)
    files.set(path, content)
  }
  for (const one of deeds) doDeed(one, files, put)
  return Object.fromEntries(files)
}

function doDeed(one: Deed, files: ReadonlyMap<string, Content>, put: (path: string, content: Content) => void): void {
  const text = (path: string): string => {
    const content = files.get(path)
    return typeof content === 'string' ? content : ''
  }
  const move = (from: string, to: string, line: string | null): void => {
    const content = text(from)
    if (content === '') return
    put(from, null)
    put(to, line === null ? content : content.replace(/ 5 .*/, line))
  }
  if (one.kind === 'move') move(nth(manyPaths, one.from), nth(manyPaths, one.to), one.line)
  else if (one.kind === 'move folder') {
    const [from, to] = [nth(manyFolders, one.from), nth(manyFolders, one.to)]
    for (const path of Array.from(files.keys()))
      if (path.startsWith(`${from}/`)) move(path, path.replace(from, to), one.line)
  } else if (one.kind === 'write') {
    const path = nth(manyPaths, one.to)
    const isNew = one.isNew || (files.get(path) ?? null) === null
    put(path, isNew ? bodyOf(one.line).repeat(2) : text(path).replace(/ 3 .*/, one.line))
  } else {
    const path = nth(manyPaths, one.from)
    const executable = { mode: '100755', text: text(path) }
    put(path, { nothing: null, empty: '', binary: Buffer.from([0, one.from]), executable }[one.into])
  }
}

const nth = (names: readonly string[], number: number): string => names[number % names.length] ?? ''

void t.test('property: two sides that add, delete and move files are what git makes of them', async (t) => {
  const seen = { clean: 0, inMemory: 0 }
  const deeds = fc.array(deed, { minLength: 1, maxLength: 4 })
  const off = resolvers.map(({ name }) => name)
  const property = fc.asyncProperty(deeds, deeds, async (mine, other) => {
    const given = await scene(startOfMany, [afterDeeds(mine), afterDeeds(other)])
    const [one, two] = given.sides.toSorted()
    if (one === undefined || two === undefined || one === two) return
    const expected = await mergeCommits(git, one, two)
    let asked = 0
    const watched: Git = { ...git, run: (...rest) => ((asked += 1), git.run(...rest)) }
    await using own = openObjects(watched, 'files')
    const request = { git: watched, objects: own, base: given.base, sides: [one, two] }
    const folded = await foldSides({ ...request, policy: { upTo: 'certain', off } })
    t.equal(folded.tree, expected.clean ? expected.tree : null)
    t.same(
      folded.conflicts.flatMap(({ files }) => files),
      expected.clean ? [] : expected.conflicts,
    )
    seen.clean += Number(expected.clean)
    seen.inMemory += Number(asked === 0)
  })
  await fc.assert(property, { numRuns: 150 })
  for (const [what, count] of Object.entries(seen)) t.ok(count > 20 && count < 130, `${what}: ${count} of 150`)
})

void t.test('property: sides with files of their own are applied one by one', async (t) => {
  const property = fc.asyncProperty(fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 6 }), async (names) => {
    const own = names.map((name): Files => ({ [`d${name % 3}/n${name}`]: `${name}\n`, [`f${name % 4}-${name}`]: null }))
    const { base, tree, sides } = await scene(start, own)
    const result = await foldSides({ git, objects, base, sides, policy: { upTo: 'certain', off: [] } })
    let expected = tree
    for (const side of own) expected = await treeWith(expected, side)
    t.equal(result.tree, expected)
    t.equal(result.landed.length, names.length)
  })
  await fc.assert(property, { numRuns: 40 })
})

void t.test('property: the best set is as large as any, and nothing in it is in conflict', (t) => {
  const pair = fc.tuple(fc.nat(9), fc.nat(9)).filter(([a, b]) => a !== b)
  fc.assert(
    fc.property(
      fc.array(pair, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 10, maxLength: 10 }),
      (pairs, weights) => {
        const chosen = compatibleSet({ count: 10, pairs, weights })
        t.notOk(pairs.some(([a, b]) => chosen.includes(a) && chosen.includes(b)))
        const worth = (set: readonly number[]): number => set.reduce((sum, one) => sum + (weights[one] ?? 0), 0)
        let best = 0
        for (let bits = 0; bits < 1024; bits += 1) {
          const set = weights.flatMap((_, one) => ((bits >> one) & 1 ? [one] : []))
          if (!pairs.some(([a, b]) => set.includes(a) && set.includes(b))) best = Math.max(best, worth(set))
        }
        t.equal(worth(chosen), best)
      },
    ),
    { numRuns: 60 },
  )
  t.end()
})

void t.test('troupe fold: one line of JSON, from a bare repository', async (t) => {
  const { base, sides } = await scene({ 'a.js': 'a()\n' }, [
    { 'a.js': 'a()\nb(1)\n' },
    { 'a.js': 'a()\nlet c\n' },
    { d: '1\n' },
  ])
  const { stdout, status } = await troupe(folder, 'fold', bare, base, ...sides)
  t.equal(status, 0)
  t.equal(stdout.trimEnd().split('\n').length, 1)
  t.match(JSON.parse(stdout), {
    schema: 'troupe/fold/1',
    tree: /^[0-9a-f]{40}$/,
    landed: [0, 1, 2],
    conflicts: [],
    resolved: [{ side: Number, path: 'a.js' }],
  })
  const { stdout: less } = await troupeHere(folder, 'fold', '--grade', 'certain', bare, base, sides[0] ?? '', 'HEAD')
  t.equal(less, '')
  const tree = execFileSync('git', ['-C', bare, 'rev-parse', `${base}^{tree}`], { encoding: 'utf8' }).trim()
  t.match(await troupeHere(folder, 'fold', bare, base, sides[0] ?? '', tree), {
    status: 2,
    stderr: /is no commit but a tree/,
  })
  t.match(await troupeHere(folder, 'fold', join(folder, 'none'), base, ...sides), {
    status: 2,
    stderr: /there is no folder/,
  })
  t.match(await troupeHere(folder, 'fold', fileURLToPath(import.meta.url), base, ...sides), {
    status: 2,
    stderr: /there is no folder/,
  })
  t.match(await troupeHere(folder, 'fold', '/', base, ...sides), { status: 2, stderr: /\/ is no git repository/ })
  t.match(await troupeHere(folder, 'fold', bare, 'main', 'x'), {
    status: 2,
    stderr: /these are no commit ids: main, x/,
  })
  t.match(await troupeHere(folder, 'fold', bare, base, 'f'.repeat(40), 'e'.repeat(40)), {
    status: 3,
    stderr: /GIT_FAILED/,
  })
})

/** A file that takes so many likely decisions, if it is finished. */
const open = (likely: number, finished: number[]): BegunText => ({
  how: 'open',
  isCertain: likely === 0,
  finish() {
    finished.push(likely)
    const chunk = { base: [], ours: [], theirs: [], at: { base: 0, ours: 0, theirs: 0 } }
    const decision = { resolver: 'r', grade: 'likely', evidence: '', line: 1, lines: 0, chunk } as const
    const text = { lines: [], encoding: 'utf8', oid: null } as const
    return Promise.resolve({ how: 'merged', text, chunks: Array.from({ length: likely }, () => decision) })
  },
})

const surely = { upTo: 'likely', pairs: 1, isLost: false } as const
const inVain: Readonly<
  Record<string, { files: readonly (number | 'conflict')[]; more?: object; finished: number[]; left: number }>
> = {
  'one decision that is only likely': { files: [0, 1, 0], finished: [0, 1, 0], left: 0 },
  'two files that take one each': { files: [0, 1, 1], finished: [], left: 3 },
  'two files, in a merge of two pairs': { files: [0, 1, 1], more: { pairs: 2 }, finished: [0, 1, 1], left: 0 },
  'two files, where a check tells': { files: [1, 1], more: { upTo: 'checked' }, finished: [1, 1], left: 0 },
  'a file that takes two': { files: [2, 0], finished: [2], left: 2 },
  'one that is certain, and then one that takes two': { files: [0, 2], finished: [0, 2], left: 1 },
  'a file in conflict': { files: [1, 'conflict'], finished: [], left: 2 },
  'something else in conflict': { files: [0], more: { isLost: true }, finished: [], left: 1 },
}

for (const [title, { files, more, finished: wanted, left }] of Object.entries(inVain)) {
  void t.test(`what is read of a merge's files: ${title}`, async (t) => {
    const finished: number[] = []
    const begun = files.map((one): BegunText => (one === 'conflict' ? { how: 'conflict' } : open(one, finished)))
    const merges = await finishMerges(begun, { ...surely, ...more })
    t.same(finished, wanted)
    t.equal(merges.filter(({ how }) => how === 'conflict').length, left)
  })
}

void t.test('property: what is not read changes nothing of what comes out', async (t) => {
  const source = (values: readonly number[]): string =>
    values.map((value, at) => `export function f${at}() {\n  return ${value}\n}\n`).join('\n')
  const file = fc.array(fc.nat(2), { minLength: 2, maxLength: 4 })
  const versions = fc.record({ base: file, one: file, two: file })
  const property = fc.asyncProperty(fc.array(versions, { minLength: 1, maxLength: 3 }), async (all) => {
    const filesOf = (side: 'base' | 'one' | 'two'): Files =>
      Object.fromEntries(all.map((each, at) => [`f${at}.js`, source(each[side])]))
    const { tree, base, sides } = await scene(filesOf('base'), [filesOf('one'), filesOf('two')])
    const [one = base, two = base] = sides
    const met = async (isThorough: boolean) => {
      const texts = new TextMerges(objects, { upTo: 'likely', off: [] })
      const merges = new SideMerges({ git, objects, texts, isThorough })
      return await merges.inMemory({ ...(await didOf(tree, one)), tree: await treeOf(one) }, await didOf(tree, two))
    }
    const [quick, thorough] = [await met(false), await met(true)]
    if (quick === null || thorough === null) return quick === thorough
    const isWhole = quick.left.length === 0
    t.same(isWhole ? quick : null, thorough.left.length === 0 ? thorough : null)
    return thorough.left.every(({ path }) => quick.left.some((other) => other.path === path))
  })
  await fc.assert(property, { numRuns: 60 })
})

void t.test('a text says before its syntax is read whether lines are certain', async (t) => {
  const texts = new TextMerges(objects, { upTo: 'likely', off: [] })
  const begin = async (...versions: [base: string, one: string, two: string]) => {
    const [base = '', ours = '', theirs = ''] = await Promise.all(
      versions.map((text) => objects.write('blob', Buffer.from(text))),
    )
    return await texts.begin({ path: 'a.js', base, ours, theirs })
  }
  t.match(await begin('f(1)\n', 'f(1)  \n', 'f(2)\n'), { how: 'open', isCertain: true })
  const named = (name: string): string => `start()\n${name}end()\n`
  const open = await begin(named(''), named('function f() {\n  return 1\n}\n'), named('const other = new Map()\n'))
  t.match(open, { how: 'open', isCertain: false })
})

void t.test('a merge in which each file counts tells of each by itself, and of all doubts together', async (t) => {
  const twice = (one: string, two: string): string => `start()\n${one}middle()\n${two}end()\n`
  const named = (name: string): string => `function ${name}() {\n  return '${name}'\n}\n`
  const base = { 'a.js': twice('', ''), 'b.js': twice('', '') }
  const both = [
    { 'a.js': twice(named('first'), named('second')), 'b.js': twice(named('third'), '') },
    { 'a.js': twice(named('fourth'), named('fifth')), 'b.js': twice(named('sixth'), '') },
  ]
  const { tree, base: start, sides } = await scene(base, both)
  const [one = start, two = start] = sides
  const texts = new TextMerges(objects, { upTo: 'likely', off: [] })
  for (const isThorough of [true, false]) {
    const merges = new SideMerges({ git, objects, texts, isThorough })
    const met = await merges.inMemory({ ...(await didOf(tree, one)), tree: await treeOf(one) }, await didOf(tree, two))
    t.match(met?.left, [{ path: 'a.js' }, { path: 'b.js' }], 'three are too many, whichever file they are in')
    t.match((await merges.byGit(one, two)).left, [{ path: 'a.js' }, { path: 'b.js' }])
  }
  const others = await scene({ 'a.js': named('old'), 'b.js': named('old') }, [
    { 'a.js': named('mine'), 'b.js': named('old') + named('third') },
    { 'a.js': named('yours'), 'b.js': named('old') + named('sixth') },
  ])
  const [mine = start, yours = start] = others.sides
  const leftBy = async (isThorough: boolean): Promise<readonly string[]> => {
    const merges = new SideMerges({ git, objects, texts, isThorough })
    const inMemory = await merges.inMemory(
      { ...(await didOf(others.tree, mine)), tree: await treeOf(mine) },
      await didOf(others.tree, yours),
    )
    t.same(inMemory?.left, (await merges.byGit(mine, yours)).left)
    return (inMemory?.left ?? []).map(({ path }) => path)
  }
  t.same(await leftBy(true), ['a.js'])
  t.same(await leftBy(false), ['a.js', 'b.js'], 'the other was not read any more')
})

const treeOf = async (commit: CommitId): Promise<TreeId> =>
  asTreeId((await objects.read(commit)).content.toString('latin1', 5, 45))
const didOf = async (tree: TreeId, commit: CommitId) => did(await diffTrees(objects, tree, await treeOf(commit)))
