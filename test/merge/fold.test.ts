import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi } from '../../src/actors/aggregator-api.ts'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { writeCommit } from '../../src/changes/commit.ts'
import type { Git } from '../../src/changes/git.ts'
import { asActorId, asAgentName, asTaskId, type CommitId } from '../../src/ids.ts'
import { baseFor } from '../../src/merge/base-for.ts'
import type { Candidate } from '../../src/merge/candidate.ts'
import type { Check } from '../../src/merge/check.ts'
import { placesOf } from '../../src/merge/conflict-places.ts'
import { versionsOf } from '../../src/merge/conflict-texts.ts'
import { type Conflict, sortConflicts } from '../../src/merge/conflict.ts'
import type { DeclaredFiles, RegenerateRule } from '../../src/merge/declared-files.ts'
import { diffHunks } from '../../src/merge/diff-hunks.ts'
import { type Fold, fold } from '../../src/merge/fold.ts'
import { footprintsOf } from '../../src/merge/footprint.ts'
import { defaultMergePolicy, type MergePolicy } from '../../src/merge/merge-policy.ts'
import { mergeCommits } from '../../src/merge/merge-tree.ts'
import { openOverlaps } from '../../src/merge/overlaps.ts'
import { filesOutside } from '../../src/merge/owns.ts'
import { conflictsBetween, unresolved } from '../../src/merge/pair.ts'
import { proposalToMarkdown } from '../../src/merge/proposal-markdown.ts'
import type { TaskEnding } from '../../src/merge/proposal-request.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { violations } from './json-schema.ts'
import { candidate, date, type Files, numbered, run, Sealing } from './sealing.ts'

t.jobs = 2

interface Meeting {
  readonly base: Files
  readonly one: Files
  readonly two: Files
}

/** Two tasks on one base, folded in this order. */
async function meet({
  base,
  one,
  two,
}: Meeting): Promise<Fold & { readonly sealing: Sealing; readonly changeSets: readonly ChangeSet[] }> {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const start = await sealing.begin(base)
  const changeSets = [await sealing.seal('one', start, one), await sealing.seal('two', start, two)]
  return {
    sealing,
    changeSets,
    ...(await foldAll(
      sealing,
      start,
      changeSets.map((changeSet) => candidate(changeSet)),
    )),
  }
}

const foldAll = (sealing: Sealing, base: CommitId, candidates: readonly Candidate[]): Promise<Fold> =>
  fold({ git: sealing.git, base, date, candidates, policy: { strategy: 'in-order', resolvers: null, blame: false } })

const told = (conflicts: readonly Conflict[]): readonly object[] =>
  conflicts.map(({ kind, file, ours, theirs }) => ({ kind, file, ours, theirs }))

const states = (folded: Fold): Readonly<Record<string, string>> =>
  Object.fromEntries([...folded.landings].map(([task, { state }]) => [task, state]))

const lines = (from: number, to = from): object => ({ from, to })

const disagreements: readonly (Meeting & {
  readonly name: string
  readonly kind: Conflict['kind']
  readonly file: string
  readonly message: string
})[] = [
  {
    name: 'both add a file',
    base: { seed: '' },
    one: { f: 'a\nb\n' },
    two: { f: 'a\nc\n' },
    kind: 'add/add',
    file: 'f',
    message: 'one and two both added f, with different content.',
  },
  {
    name: 'one deletes what the other changes',
    base: { f: numbered(9) },
    one: { f: null },
    two: { f: numbered(9, { 5: 'five\n' }) },
    kind: 'modify/delete',
    file: 'f',
    message: 'one deleted f and two changed it.',
  },
  {
    name: 'both rename a file, differently',
    base: { f: numbered(9) },
    one: { f: null, g: numbered(9) },
    two: { f: null, h: numbered(9) },
    kind: 'rename',
    file: 'f',
    message: 'one moved f to g and two moved f to h; git cannot tell where it belongs.',
  },
  {
    name: 'one renames what the other deletes',
    base: { f: numbered(9) },
    one: { f: null, g: numbered(9) },
    two: { f: null },
    kind: 'rename',
    file: 'f',
    message: 'one moved f to g and two deleted f; git cannot tell where it belongs.',
  },
  {
    name: 'one renames a folder into which the other puts a file',
    base: { 'd/f': numbered(9), 'd/g': numbered(7) },
    one: { 'd/f': null, 'd/g': null, 'e/f': numbered(9), 'e/g': numbered(7) },
    two: { 'd/h': 'new\n' },
    kind: 'rename',
    file: 'd/h',
    message: 'one moved the folder of d/h and two put a file at d/h; git cannot tell where it belongs.',
  },
  {
    name: 'one spreads a folder into which the other puts a file',
    base: { 'd/f': numbered(9), 'd/g': numbered(7) },
    one: { 'd/f': null, 'd/g': null, 'x/f': numbered(9), 'y/g': numbered(7) },
    two: { 'd/h': 'new\n' },
    kind: 'rename',
    file: 'd',
    message: 'one and two disagree on where files of d belong.',
  },
  {
    name: 'one makes a link of the file that the other changes',
    base: { f: numbered(9), g: 'g\n' },
    one: { f: { link: 'g' } },
    two: { f: numbered(9, { 5: 'five\n' }) },
    kind: 'mode',
    file: 'f',
    message: 'f is a link in one and a file in two.',
  },
  {
    name: 'one adds a file where the other adds a folder',
    base: { seed: '' },
    one: { f: 'text\n' },
    two: { 'f/inner': 'text\n' },
    kind: 'mode',
    file: 'f',
    message: 'f is a file in one and a folder in two.',
  },
  {
    name: 'both add a file, only one as an executable',
    base: { seed: '' },
    one: { f: { run: 'echo\n' } },
    two: { f: 'echo\n' },
    kind: 'mode',
    file: 'f',
    message: 'f is an executable file in one and a file in two.',
  },
  {
    name: 'both change a binary file',
    base: { f: Buffer.from([0, 1]) },
    one: { f: Buffer.from([0, 2]) },
    two: { f: Buffer.from([0, 3]) },
    kind: 'binary',
    file: 'f',
    message: 'one and two both changed f, which cannot be merged line by line.',
  },
  {
    name: 'both turn a link elsewhere',
    base: { f: { link: 'a' } },
    one: { f: { link: 'b' } },
    two: { f: { link: 'c' } },
    kind: 'content',
    file: 'f',
    message: 'one and two changed the same part of f.',
  },
]

void t.test('the second of two tasks that disagree is left out whole, and both are named', async (t) => {
  for (const { name, kind, file, message, ...meeting } of disagreements) {
    await t.test(`${name}: ${kind}`, async (t) => {
      const { sealing, changeSets, commit, landings, conflicts } = await meet({
        ...meeting,
        two: { ...meeting.two, alone: 'x' },
      })
      t.strictSame(told(conflicts), [{ kind, file, ours: 'one', theirs: 'two' }])
      t.equal(conflicts[0]?.message, message)
      const [one, two] = await footprintsOf(sealing.git, changeSets)
      const pair = one && two ? await conflictsBetween({ git: sealing.git, resolve: unresolved }, one, two) : []
      t.strictSame(
        pair.map((found) => ({ ...found.conflict, versions: versionsOf(found.file) })),
        conflicts,
        'the pair alone tells the same',
      )
      t.strictSame(landings.get(asTaskId('two')), { state: 'left-out', reason: `conflicts with one in ${file}` })
      t.notOk(
        (await sealing.listing(commit)).some((entry) => entry.endsWith('\talone')),
        'nothing of it landed',
      )
    })
  }
})

void t.test('a content conflict has the exact lines of each version, also after a clean change above', async (t) => {
  const { conflicts } = await meet({
    base: { f: numbered(20) },
    one: { f: numbered(20, { 2: 'two\nmore\nand more\n', 10: 'TEN\n', 11: 'ELEVEN\n', 20: '' }) },
    two: { f: numbered(20, { 5: '', 10: 'ten\n', 19: 'nineteen\n' }) },
  })
  t.strictSame(conflicts[0]?.places, [
    { ours: lines(12, 13), base: lines(10, 11), theirs: lines(9, 10) },
    { ours: lines(21), base: lines(19, 20), theirs: lines(18, 19) },
  ])
  t.equal(conflicts[0]?.message, 'one (lines 12-13, 21) and two (lines 9-10, 18-19) changed the same part of f.')
})

void t.test(
  'lines are counted alike with CRLF, without a last newline, and amid text that looks like a conflict',
  async (t) => {
    const markers = '<<<<<<< ours\na\n||||||| base\nb\n=======\nc\n>>>>>>> theirs\n'
    for (const [name, end] of [
      ['CRLF', '\r\n'],
      ['LF', '\n'],
    ] as const) {
      const of = (word: string): string => `${markers}${word}\nlast`.replaceAll('\n', end)
      const { conflicts } = await meet({ base: { f: of('word') }, one: { f: of('WORD') }, two: { f: of('Word') } })
      t.strictSame(conflicts[0]?.places, [{ ours: lines(8), base: lines(8), theirs: lines(8) }], name)
    }
    const { conflicts } = await meet({ base: { f: 'a\nb' }, one: { f: 'a\nB' }, two: { f: 'a\nb\n' } })
    t.strictSame(conflicts[0]?.places, [{ ours: lines(2), base: lines(2), theirs: lines(2) }], 'only the newline')
  },
)

void t.test('two added files are in conflict where they differ', async (t) => {
  const { conflicts } = await meet({
    base: { seed: '' },
    one: { f: numbered(9) },
    two: { f: numbered(9, { 3: 'three\n', 8: '' }) },
  })
  t.strictSame(conflicts[0]?.places, [
    { ours: lines(3), base: { from: 1, to: 0 }, theirs: lines(3) },
    { ours: lines(8), base: { from: 1, to: 0 }, theirs: { from: 8, to: 7 } },
  ])
})

void t.test(
  'names with spaces, quotes, newlines, letters of any script or a leading dash are kept to the letter',
  async (t) => {
    const names = [
      '-rf',
      'a b',
      'new\nline',
      'quo"te\\',
      'zoë/日本',
      'f~0123456789012345678901234567890123456789',
      '1 f\t',
    ]
    const all = (text: string): Files => Object.fromEntries(names.map((name) => [name, text]))
    const { conflicts, landings } = await meet({ base: all('a\n'), one: all('b\n'), two: all('c\n') })
    t.strictSame(
      conflicts.map(({ file }) => file),
      names.toSorted(),
    )
    t.match(landings.get(asTaskId('two')), { reason: /"new\\nline"/ })
    const disjoint = await meet({ base: { seed: '' }, one: { '-rf': 'x', 'new\nline': 'x' }, two: { 'quo"te\\': 'y' } })
    t.strictSame(disjoint.files, ['-rf', 'new\nline', 'quo"te\\'])
  },
)

void t.test(
  'a rename that another task also edits merges, and a conflict in it names the editor of the old name',
  async (t) => {
    const clean = await meet({
      base: { f: numbered(20) },
      one: { f: null, g: numbered(20, { 1: 'one\n' }) },
      two: { f: numbered(20, { 20: 'twenty\n' }) },
    })
    t.strictSame(states(clean), { one: 'landed', two: 'landed' })
    t.equal(await clean.sealing.read(clean.commit, 'g'), numbered(20, { 1: 'one\n', 20: 'twenty\n' }))
    const torn = await meet({
      base: { f: numbered(20) },
      one: { f: numbered(20, { 9: 'nine\n' }) },
      two: { f: null, g: numbered(20, { 9: 'NINE\n' }) },
    })
    t.strictSame(told(torn.conflicts), [{ kind: 'content', file: 'g', ours: 'one', theirs: 'two' }])
  },
)

void t.test('what tasks changed alike is listed and no conflict, deletions and modes included', async (t) => {
  const shared: Files = { f: 'same\n', gone: null, tool: { run: 'x' } }
  const { conflicts, identical, files, landings } = await meet({
    base: { f: 'a\n', gone: 'b\n', tool: 'x' },
    one: { ...shared, mine: '1' },
    two: { ...shared, yours: '2' },
  })
  t.strictSame(conflicts, [])
  t.strictSame(
    identical,
    ['f', 'gone', 'tool'].map((file) => ({ file, tasks: ['one', 'two'] })),
  )
  t.strictSame(files, ['f', 'gone', 'mine', 'tool', 'yours'])
  t.ok([...landings.values()].every(({ state }) => state === 'landed'))
})

void t.test('a change outside its owns is left out, and so is what needs it', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ seed: '' })
  const stray = await sealing.seal('stray', base, { 'src/a.ts': 'a', 'docs/b.md': 'b' })
  const heir = await sealing.seal('heir', stray.commit, { 'src/c.ts': 'c' })
  const folded = await foldAll(sealing, base, [
    candidate(stray, { owns: ['src/**'] }),
    candidate(heir, { needs: [stray.task] }),
  ])
  t.strictSame(told(folded.conflicts), [{ kind: 'outside-owns', file: 'docs/b.md', ours: null, theirs: 'stray' }])
  t.strictSame(Object.fromEntries(folded.landings), {
    stray: { state: 'left-out', reason: 'changed docs/b.md outside its owns' },
    heir: { state: 'left-out', reason: 'needs stray, which did not land' },
  })
  t.equal(folded.commit, base, 'nothing landed')
})

void t.test('owns globs cover names with a leading dot and folders named with a slash', async (t) => {
  const files = ['.github/ci.yml', 'src/.env', 'src/a/b.ts', 'README.md', 'lib/-x', 'a\nb.md']
  t.strictSame(filesOutside(null, files), [])
  t.strictSame(filesOutside([], files), files)
  t.strictSame(filesOutside(['**'], files), [])
  t.strictSame(filesOutside(['src/', '*.md'], files), ['.github/ci.yml', 'lib/-x'])
  t.strictSame(filesOutside(['./.github/*', '{src,lib}/*'], files), ['src/a/b.ts', 'README.md', 'a\nb.md'])
  t.strictSame(filesOutside(['.*/**'], files), files.slice(1))
})

void t.test('an empty change set is unchanged and blocks nobody', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: 'a' })
  const empty = await sealing.seal('empty', base, {})
  const heir = await sealing.seal('heir', empty.commit, { g: 'b' })
  const folded = await foldAll(sealing, base, [candidate(empty), candidate(heir, { needs: [empty.task] })])
  t.strictSame(states(folded), { empty: 'unchanged', heir: 'landed' })
  t.strictSame(folded.files, ['g'])
})

void t.test('a chain of dependants lands on what it was made from, beside a stranger', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: numbered(9) })
  const first = await sealing.seal('first', base, { f: numbered(9, { 5: 'five\n' }) })
  const second = await sealing.seal('second', first.commit, { f: numbered(9, { 5: 'FIVE\n' }) })
  const third = await sealing.seal('third', second.commit, { f: numbered(9, { 5: 'Five!\n' }), g: 'g' })
  const stranger = await sealing.seal('stranger', base, { f: numbered(9, { 1: 'one\n' }) })
  const folded = await foldAll(sealing, base, [
    candidate(stranger),
    candidate(third, { needs: [second.task] }),
    candidate(second, { needs: [first.task] }),
    candidate(first),
  ])
  t.strictSame(states(folded), { stranger: 'landed', first: 'landed', second: 'landed', third: 'landed' })
  t.equal(await sealing.read(folded.commit, 'f'), numbered(9, { 1: 'one\n', 5: 'Five!\n' }))
  const log = await sealing.git.text(['log', '--reverse', '--format=%s', `${base}..${folded.commit}`])
  t.strictSame(log.trim().split('\n'), ['stranger', 'first', 'second', 'third'], 'one commit each, needs first')
})

/** a; b and c need a; d needs b and c. Each changes lines of its own near the others'. */
async function diamond(
  sealing: Sealing,
): Promise<{ readonly base: CommitId; readonly changeSets: readonly ChangeSet[] }> {
  const base = await sealing.begin({ f: numbered(30) })
  const { git } = sealing
  const a = await sealing.seal('a', base, { f: numbered(30, { 3: 'A\n', 10: 'A\n', 20: 'A\n' }) })
  const b = await sealing.seal('b', a.commit, { f: numbered(30, { 3: 'A\n', 10: 'B\n', 20: 'A\n' }) })
  const c = await sealing.seal('c', a.commit, { f: numbered(30, { 3: 'A\n', 10: 'A\n', 20: 'C\n' }) })
  const start = await baseFor({ git, runBase: base, needs: [b, c] })
  if (start.how === 'conflict') throw new Error('the diamond must merge')
  const d = await sealing.seal('d', start.commit, { f: numbered(30, { 3: 'D\n', 10: 'D\n', 20: 'D\n' }) })
  return { base, changeSets: [a, b, c, d] }
}

void t.test('a diamond of needs folds to what its tip saw', async (t) => {
  using sealing = new Sealing()
  const { base, changeSets } = await diamond(sealing)
  const [a, b, c, d] = changeSets.map(({ task }) => task)
  const needs = [[], [a], [a], [b, c]].map((list) => list.flatMap((need) => need ?? []))
  const folded = await foldAll(
    sealing,
    base,
    changeSets.map((changeSet, index) => candidate(changeSet, { needs: needs[index] ?? [] })),
  )
  t.strictSame(states(folded), { a: 'landed', b: 'landed', c: 'landed', d: 'landed' })
  t.equal(folded.tree, changeSets.at(-1)?.tree)
  t.ok(d)
})

void t.test(
  'a base of several needs holds each of them once, is the same every time, and is honest about a conflict',
  async (t) => {
    using sealing = new Sealing()
    const { git } = sealing
    const { base, changeSets } = await diamond(sealing)
    const [a, b, c] = changeSets as [ChangeSet, ChangeSet, ChangeSet]
    t.strictSame(await baseFor({ git, runBase: base, needs: [] }), { how: 'merged', commit: base })
    t.strictSame(await baseFor({ git, runBase: base, needs: [b] }), { how: 'merged', commit: b.commit })
    const direct = await baseFor({ git, runBase: base, needs: [b, c] })
    const withAll = await baseFor({ git, runBase: base, needs: [a, b, c] })
    t.strictSame(direct, await baseFor({ git, runBase: base, needs: [b, c] }))
    for (const start of [direct, withAll]) {
      if (start.how === 'conflict') throw new Error('no conflict here')
      t.equal(await sealing.read(start.commit, 'f'), numbered(30, { 3: 'A\n', 10: 'B\n', 20: 'C\n' }))
    }
    const rival = await sealing.seal('rival', base, { f: numbered(30, { 10: 'R\n' }) })
    const torn = await baseFor({ git, runBase: base, needs: [b, c, rival] })
    if (torn.how === 'merged') throw new Error('line 10 is changed by b and by rival')
    t.strictSame(
      torn.conflicts.map(({ ours, theirs, file }) => [ours, theirs, file]),
      [
        ['b', 'rival', 'f'],
        ['c', 'rival', 'f'],
      ],
      'what c started from is in conflict too, and c alone is what brings it',
    )
  },
)

void t.test('when only the combination fails every landed task that has a part in it is named', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ 'd/f': numbered(9), 'd/g': numbered(7), 'z/other': 'o' })
  // each moves half of the folder; only both together leave nowhere for a third file
  const one = await sealing.seal('one', base, { 'd/f': null, 'e/f': numbered(9) })
  const two = await sealing.seal('two', base, { 'd/g': null, 'e/g': numbered(7) })
  const aside = await sealing.seal('aside', base, { 'z/other': 'O' })
  const three = await sealing.seal('three', base, { 'd/h': 'new' })
  const [first, second, , last] = await footprintsOf(sealing.git, [one, two, aside, three])
  for (const other of [first, second]) {
    if (other && last)
      t.strictSame(
        await conflictsBetween({ git: sealing.git, resolve: unresolved }, other, last),
        [],
        'no pair is in conflict',
      )
  }
  const folded = await foldAll(
    sealing,
    base,
    [one, two, aside, three].map((changeSet) => candidate(changeSet)),
  )
  t.strictSame(states(folded), { one: 'landed', two: 'landed', aside: 'landed', three: 'left-out' })
  t.strictSame(told(folded.conflicts), [
    { kind: 'rename', file: 'd/h', ours: 'one', theirs: 'three' },
    { kind: 'rename', file: 'd/h', ours: 'two', theirs: 'three' },
  ])
  t.equal(folded.conflicts[0]?.message, 'three does not go with one, two together in d/h.')
})

void t.test('a task is not blamed for what its need has against another', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: numbered(30) })
  const need = await sealing.seal('need', base, { f: numbered(30, { 5: 'need\n' }) })
  const heir = await sealing.seal('heir', need.commit, { f: numbered(30, { 5: 'need\n', 25: 'heir\n' }) })
  const rival = await sealing.seal('rival', base, { f: numbered(30, { 5: 'rival\n' }) })
  const both = await sealing.seal('both', base, { f: numbered(30, { 25: 'both\n' }) })
  const between = async (ours: ChangeSet, theirs: ChangeSet): Promise<readonly unknown[]> => {
    const [a, b] = await footprintsOf(sealing.git, [ours, theirs])
    return a && b
      ? (await conflictsBetween({ git: sealing.git, resolve: unresolved }, a, b)).map(({ conflict }) => conflict.places)
      : []
  }
  t.strictSame(await between(need, heir), [])
  t.strictSame(await between(heir, rival), [])
  t.strictSame(await between(rival, heir), [])
  t.strictSame(await between(need, rival), [[{ ours: lines(5), base: lines(5), theirs: lines(5) }]])
  t.strictSame(await between(heir, both), [[{ ours: lines(25), base: lines(25), theirs: lines(25) }]])
})

void t.test('the lines of a conflict are those that git itself writes between its markers', async (t) => {
  const line = fc.constantFrom('a', 'b', 'c', '}', '', 'd')
  const text = fc.array(line, { minLength: 6, maxLength: 14 })
  const edit = fc.record({ at: fc.nat(14), remove: fc.nat(3), add: fc.array(line, { maxLength: 3 }) })
  const file = fc.record({
    base: text,
    one: fc.array(edit, { minLength: 1, maxLength: 3 }),
    both: fc.array(edit, { maxLength: 1 }),
    two: fc.array(edit, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('\n', ''),
  })
  let compared = 0
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 20, maxLength: 20 }), async (files) => {
      using sealing = new Sealing()
      const side = (of: (one: (typeof files)[number]) => readonly string[]): Files =>
        Object.fromEntries(files.map((one, index) => [`f${index}`, `${of(one).join('\n')}${one.end}`]))
      const base = await sealing.begin(side((one) => one.base))
      const ours = await sealing.seal(
        'one',
        base,
        side((one) => edited(one.base, [...one.both, ...one.one])),
      )
      const theirs = await sealing.seal(
        'two',
        base,
        side((one) => edited(one.base, [...one.both, ...one.two])),
      )
      await sealing.git.run(['config', 'diff.orderFile', '/nowhere']) // a setting of the user's for what people see
      const merge = await mergeCommits(sealing.git, ours.commit, theirs.commit)
      if (merge.clean) return
      const style = ['-c', 'merge.conflictStyle=diff3', 'merge-tree', '--write-tree', ours.commit, theirs.commit]
      const [marked = ''] = (await sealing.git.run(style, { accept: [0, 1] })).stdout.split('\n')
      for (const conflict of merge.conflicts) {
        const versions = await Promise.all(
          [ours.commit, base, theirs.commit].map(async (at) => asLines(await sealing.read(at, conflict.path))),
        )
        const seen = (await placesOf((from, to) => diffHunks(sealing.git, from, to), conflict)).map((place) =>
          [place.ours, place.base, place.theirs].map(({ from, to }, index) => versions[index]?.slice(from - 1, to)),
        )
        t.strictSame(seen, chunksOf(await sealing.read(marked, conflict.path)))
        compared += seen.length
      }
      const [one, two] = await footprintsOf(sealing.git, [ours, theirs])
      if (one === undefined || two === undefined) throw new Error('a side changed nothing')
      const byGit = await conflictsBetween({ git: sealing.git, resolve: unresolved }, one, two)
      const told = sortConflicts(byGit.map(({ conflict }) => conflict))
      await using now = openOverlaps(sealing.git)
      t.strictSame(await now.look([ours, theirs]), told, 'what is compared in memory while tasks work is told alike')
      t.strictSame(await now.look([ours]), [], 'and is gone with one of the two')
      await now.add(ours)
      t.strictSame(await now.look([theirs]), told, 'a change set stands where its snapshot stood')
    }),
    { numRuns: 6 },
  )
  t.ok(compared > 30, `${compared} places were compared`)
})

interface Edit {
  readonly at: number
  readonly remove: number
  readonly add: readonly string[]
}

function edited(text: readonly string[], edits: readonly Edit[]): readonly string[] {
  return edits.reduce((before, { at, remove, add }) => before.toSpliced(at, remove, ...add), text)
}

const asLines = (text: string): readonly string[] =>
  text.match(/[^\n]*\n|[^\n]+$/g)?.map((line) => line.trimEnd()) ?? []

/** The three sides of each conflict in a text that git marked in its diff3 style. */
function chunksOf(marked: string): readonly (readonly (readonly string[])[])[] {
  return [...marked.matchAll(/^<{7} .*\n([^]*?)^\|{7} .*\n([^]*?)^={7}\n([^]*?)^>{7} .*\n?/gm)].map(([, ...sides]) =>
    sides.map((side) => asLines(side)),
  )
}

void t.test('the set that is worth most lands; what needs a task goes with it', async (t) => {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const start = await sealing.begin({ f: numbered(9), g: '1\n' })
  const change = (at: number, text: string): Files => ({ f: numbered(9, { [at]: text }) })
  const wide = await sealing.seal('wide', start, { f: 'all of it is new\n' })
  const low = await sealing.seal('low', start, change(2, 'low\n'))
  const high = await sealing.seal('high', start, change(8, 'high\n'))
  const heir = await sealing.seal('heir', high.commit, { h: 'h' })
  const rival = await sealing.seal('rival', start, { h: 'r' })
  const [a, b, c, d] = [wide, low, high, rival].map((one) => candidate(one)) as [
    Candidate,
    Candidate,
    Candidate,
    Candidate,
  ]
  const all = [a, b, c, candidate(heir, { needs: [high.task] }), d]
  const by = async (strategy: MergePolicy['strategy'], candidates = all): Promise<Readonly<Record<string, string>>> =>
    states(
      await fold({
        git: sealing.git,
        base: start,
        date,
        candidates,
        policy: { strategy, resolvers: null, blame: false },
      }),
    )
  const best = { wide: 'left-out', low: 'landed', high: 'landed', heir: 'landed', rival: 'left-out' }
  t.same(await by('best-set'), best)
  t.same(await by('in-order'), {
    ...best,
    wide: 'landed',
    low: 'left-out',
    high: 'left-out',
    heir: 'left-out',
    rival: 'landed',
  })
  t.same(new Set(Object.values(await by('all-or-nothing'))), new Set(['left-out']))
  t.same(await by('all-or-nothing', [b, c]), { low: 'landed', high: 'landed' })
  const urgent = [{ ...a, priority: 1 }, ...all.slice(1)]
  t.match(await by('best-set', urgent), { wide: 'landed', low: 'left-out' }, 'a higher priority outweighs any number')
  const barred = [{ ...a, priority: 1, owns: ['g'] }, ...all.slice(1)]
  t.match(await by('best-set', barred), best, 'what may not land at all is in nobody’s way')
})

void t.test('what a resolver decides lands, and is told with what it was made from', async (t) => {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const start = await sealing.begin({ 'a.js': 'start()\nend()\n' })
  const one = await sealing.seal('one', start, { 'a.js': 'start()\nfirst(1)\nend()\n' })
  const two = await sealing.seal('two', start, { 'a.js': 'start()\nlet other\nend()\n' })
  const policy: MergePolicy = { strategy: 'best-set', resolvers: { upTo: 'likely', off: [] }, blame: false }
  const given = { git: sealing.git, base: start, date, candidates: [candidate(one), candidate(two)] }
  const folded = await fold({ ...given, policy })
  t.same(states(folded), { one: 'landed', two: 'landed' })
  t.same(folded.conflicts, [])
  const chunk = { base: [], ours: ['first(1)\n'], theirs: ['let other\n'] }
  t.match(folded.resolved, [
    { path: 'a.js', task: 'two', chunks: [{ resolver: 'both-insert', line: 2, lines: 2, chunk }] },
  ])
  t.equal(await sealing.git.text(['show', `${folded.commit}:a.js`]), 'start()\nfirst(1)\nlet other\nend()')
  t.equal((await fold({ ...given, policy })).commit, folded.commit, 'the same request gives the same ids')
  const off: MergePolicy = { ...policy, resolvers: { upTo: 'likely', off: ['both-insert'] } }
  t.match(states(await fold({ ...given, policy: off })), { two: 'left-out' })
})

void t.test(
  'a folder in the place of a file that the other side left alone is no conflict, whatever else is',
  async (t) => {
    const [f2, f3] = [numbered(12), numbered(12, { 1: 'first\n' })]
    const sealing = new Sealing()
    t.teardown(() => sealing[Symbol.dispose]())
    const start = await sealing.begin({
      'src/old/f2': f2,
      'src/old/f3': f3,
      'lib/k': 'k\n',
      a: 'start()\nend()\n',
    })
    const moved = { 'src/old/f2': null, 'src/old/f3': null, 'src/new/f2': f2, 'src/new/f3': f3 }
    const folder = { 'lib/k': null, 'lib/k/x': 'x\n' }
    const moves = await sealing.seal('moves', start, { 'src/old/f2': null, 'lib/f2': numbered(12, { 3: 'three\n' }) })
    const makes = await sealing.seal('makes', start, folder)
    const landed = [candidate(moves), candidate(makes)]
    const conflictsWith = async (task: string, files: Files): Promise<readonly object[]> =>
      told((await foldAll(sealing, start, [...landed, candidate(await sealing.seal(task, start, files))])).conflicts)
    const rename = { kind: 'rename', file: 'src/old/f2', ours: 'moves', theirs: 'mv' }
    t.same(await conflictsWith('mv', moved), [rename])
    t.same(await conflictsWith('edits', { ...moved, 'lib/k': 'K\n' }), [
      { kind: 'mode', file: 'lib/k', ours: 'makes', theirs: 'edits' },
      { ...rename, theirs: 'edits' },
    ])

    const one = await sealing.seal('one', start, {
      a: 'start()\nfirst(1)\nend()\n',
      'src/old/f2': numbered(12, { 12: 'last\n' }),
    })
    const two = await sealing.seal('two', start, {
      ...folder,
      a: 'start()\nlet other\nend()\n',
      'src/old/f2': null,
      'lib/f2': f2,
    })
    const policy: MergePolicy = { strategy: 'best-set', resolvers: { upTo: 'checked', off: [] }, blame: false }
    const candidates = [candidate(one), candidate(two)]
    const folded = await fold({ git: sealing.git, base: start, date, candidates, policy })
    t.same(states(folded), { one: 'landed', two: 'landed' }, 'what is a conflict is resolved')
    t.equal(await sealing.git.text(['ls-tree', '-r', '--name-only', folded.commit, 'lib']), 'lib/f2\nlib/k/x')
    t.match(await sealing.git.text(['show', `${folded.commit}:lib/f2`]), /last$/)
  },
)

/** Git that tells which commits it was asked to merge into another. */
function tellingMerges(git: Git): { readonly git: Git; readonly merged: readonly string[] } {
  const merged: string[] = []
  const telling: Git = {
    ...git,
    run(args, options) {
      if (args.includes('merge-tree')) merged.push(args.at(-1) ?? '')
      return git.run(args, options)
    },
  }
  return { git: telling, merged }
}

void t.test('what meets in texts only lands without a merge by git, and the tree is what git makes', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({
    a: numbered(30),
    b: numbered(30),
    c: numbered(30),
    'd/e': numbered(30),
    gone: 'x\n',
  })
  const sides: readonly Files[] = [
    { a: numbered(30, { 2: 'two\n' }), new: 'new\n' },
    { a: numbered(30, { 20: 'twenty\n' }), gone: null },
    { a: numbered(30, { 2: 'two\n', 28: '' }), b: { run: numbered(30) } },
    { a: numbered(30, { 10: 'ten\n' }), 'd/e': numbered(30, { 1: 'one\n' }) },
    { c: null, 'd/moved': numbered(30, { 9: 'nine\n' }) },
    { c: numbered(30, { 25: 'in what has moved\n' }), a: numbered(30, { 14: 'fourteen\n' }) },
    { a: numbered(30, { 14: 'other\n' }) },
  ]
  const changeSets = await Promise.all(sides.map((files, number) => sealing.seal(`t${number}`, base, files)))
  const { git, merged } = tellingMerges(sealing.git)
  const candidates = changeSets.map((changeSet) => candidate(changeSet))
  const policy: MergePolicy = { strategy: 'in-order', resolvers: null, blame: false }
  const folded = await fold({ git, base, date, candidates, policy })
  t.strictSame(Object.values(states(folded)), [...Array(6).fill('landed'), 'left-out'])
  const byGit = [5, 6].flatMap((number) => changeSets[number]?.commit ?? [])
  t.strictSame(
    new Set(merged),
    new Set(byGit),
    'git merges what may have been renamed under it, and tells of conflicts',
  )

  let commit = base
  for (const changeSet of changeSets.slice(0, 6)) {
    const merge = await mergeCommits(sealing.git, commit, changeSet.commit)
    t.ok(merge.clean)
    const draft = { tree: merge.tree, parents: [commit], message: changeSet.task, seconds: 0 }
    commit = await writeCommit(sealing.git, draft)
  }
  t.strictSame(await sealing.listing(folded.commit), await sealing.listing(commit))
  t.strictSame(told(folded.conflicts), [{ kind: 'content', file: 'a', ours: 't5', theirs: 't6' }])
})

void t.test('what git and a resolver brought in is there when the next one lands without git', async (t) => {
  using sealing = new Sealing()
  const source = (imports: string, last: string): string =>
    `import { a } from './a.ts'\n${imports}\n${numbered(20)}${last}`
  const base = await sealing.begin({ 'f.ts': source('', '') })
  const changeSets = [
    await sealing.seal('one', base, { 'f.ts': source("import { b } from './b.ts'\n", '') }),
    await sealing.seal('two', base, { 'f.ts': source("import { c } from './c.ts'\n", '') }),
    await sealing.seal('three', base, { 'f.ts': source('', 'the end\n') }),
  ]
  const candidates = changeSets.map((changeSet) => candidate(changeSet))
  const policy: MergePolicy = { strategy: 'in-order', resolvers: { upTo: 'likely', off: [] }, blame: false }
  const { git, merged } = tellingMerges(sealing.git)
  const folded = await fold({ git, base, date, candidates, policy })
  t.strictSame(Object.values(states(folded)), ['landed', 'landed', 'landed'])
  t.strictSame(merged, [changeSets[1]?.commit], 'only where a resolver was needed')
  const text = await sealing.read(folded.commit, 'f.ts')
  for (const line of ['./b.ts', './c.ts', 'the end']) t.match(text, line)
})

const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/proposal.schema.json', import.meta.url), 'utf8'))

interface Scene {
  /** What is done in the repository before anything is merged. */
  readonly prepare?: (sealing: Sealing) => Promise<void>
  readonly base: Files
  readonly tasks: Readonly<Record<string, Files>>
  readonly declared?: Partial<DeclaredFiles>
  readonly checks?: readonly Check[]
  readonly needs?: Readonly<Record<string, string>>
}

/** What a run of these tasks proposes, by real programs in a real repository. */
async function proposed({ prepare, base, tasks, declared, checks = [], needs = {} }: Scene): Promise<{
  readonly sealing: Sealing
  readonly proposal: Proposal
}> {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const start = await sealing.begin(base)
  await prepare?.(sealing)
  const scratch = join(sealing.directory, '.git', 'troupe-scratch')
  const input = { run, repository: sealing.directory, base: start, scratch }
  const { signal } = new AbortController()
  const context = { id: asActorId('aggregator'), input, signal, emit: () => {}, room: async () => {}, finish: () => {} }
  const commits = new Map<string, Awaited<ReturnType<Sealing['seal']>>>()
  const endings: TaskEnding[] = []
  for (const [name, files] of Object.entries(tasks)) {
    const need = needs[name]
    const changeSet = await sealing.seal(name, commits.get(need ?? '')?.commit ?? start, files)
    commits.set(name, changeSet)
    endings.push({
      task: asTaskId(name),
      agent: asAgentName('scripted'),
      attempts: 1,
      needs: need === undefined ? [] : [asTaskId(need)],
      summary: null,
      findings: [],
      success: { contribution: { changeSet, owns: null } },
      trouble: null,
    })
  }
  const all = { union: [], keyed: [], regenerate: [], ...declared }
  const merge = { ...defaultMergePolicy, resolvers: { upTo: 'likely', off: [], declared: all } } as const
  const request = { tasks: endings, checks, merge, createdAt: date, interrupted: false }
  const proposal = await (aggregatorActor(context) as AggregatorApi).propose(request)
  if (violations(schema, JSON.parse(JSON.stringify(proposal))).length > 0)
    throw new Error(violations(schema, proposal).join())
  return { sealing, proposal }
}

const statesOf = ({ tasks }: Proposal): string =>
  tasks.map(({ task, disposition }) => `${task} ${disposition.state}`).join(', ')

const rule = (glob: string, line: string, more: Partial<RegenerateRule> = {}): RegenerateRule => ({
  glob,
  name: line,
  command: ['sh', '-c', line],
  timeoutMs: null,
  ...more,
})

/** A repository whose lock file is the sorted list of what lies in a folder. */
const locked = { 'wants/a': '1\n', lock: 'a\n', other: 'o\n' }
const wanting = (...names: readonly string[]): Files => ({
  ...Object.fromEntries(names.map((name) => [`wants/${name}`, '1\n'])),
  lock: ['a', ...names].map((name) => `${name}\n`).join(''),
})
const list = 'ls wants > lock'

void t.test(
  'a lock file that several tasks changed is made anew by the declared command, and checked so',
  async (t) => {
    const { sealing, proposal } = await proposed({
      base: locked,
      tasks: { one: wanting('b'), two: wanting('c'), three: { other: 'O\n' } },
      declared: { regenerate: [rule('lock', `${list}; echo x > other; echo y > new`)] },
      checks: [{ name: 'lock', command: ['sh', '-c', 'ls wants | cmp - lock'], timeoutMs: null }],
    })
    t.equal(statesOf(proposal), 'one landed, two landed, three landed')
    t.equal(await sealing.read(proposal.commit, 'lock'), 'a\nb\nc\n')
    t.equal(await sealing.read(proposal.commit, 'other'), 'O\n', 'nothing else is taken over')
    t.match(proposal, { verdict: 'pass', conflicts: [] })
    t.match(proposal.regenerated, [{ paths: ['lock'], verdict: 'pass', ignored: ['new', 'other'] }])
    t.match(proposal.resolved, [{ file: 'lock', resolver: 'regenerate', grade: 'certain' }])
    t.match(
      await sealing.git.text(['log', '-1', '--format=%B', proposal.commit]),
      /Troupe-Run: .*\nTroupe-Regenerated: lock/,
    )
    t.match(proposalToMarkdown(proposal), /Made anew[\s\S]*`lock`[\s\S]*left as they were: new, other/)
    t.equal(
      await sealing.git.text(['worktree', 'list', '--porcelain']).then((text) => text.split('worktree ').length),
      2,
    )
  },
)

void t.test(
  'it is made anew also where one task deleted it, both added it, or git cannot merge its bytes',
  async (t) => {
    const bytes = (last: number): Files => ({ lock: Buffer.from([0, 1, last]) })
    for (const [name, base, one, two] of [
      ['modify/delete', locked, { ...wanting('b'), lock: null }, wanting('c')],
      ['delete/modify', locked, wanting('b'), { ...wanting('c'), lock: null }],
      ['add/add', { 'wants/a': '1\n' }, wanting('b'), wanting('c')],
      ['binary', { 'wants/a': '1\n', ...bytes(1) }, { ...wanting('b'), ...bytes(2) }, { ...wanting('c'), ...bytes(3) }],
    ] as const) {
      const { sealing, proposal } = await proposed({
        base,
        tasks: { one, two },
        declared: { regenerate: [rule('lock', list)] },
      })
      t.equal(statesOf(proposal), 'one landed, two landed', name)
      t.equal(await sealing.read(proposal.commit, 'lock'), 'a\nb\nc\n', name)
    }
  },
)

void t.test('a command that fails leaves the file in conflict, with the reason', async (t) => {
  for (const [line, reason] of [
    ['echo no network; exit 7', 'exit code 7'],
    ['rm lock', 'lock is not there after it'],
    ['no-such-program', 'command not found'],
  ] as const) {
    const { proposal } = await proposed({
      base: locked,
      tasks: { one: wanting('b'), two: wanting('c') },
      declared: { regenerate: [rule('lock', line)] },
    })
    t.equal(statesOf(proposal), 'one landed, two left-out', line)
    t.match(proposal.conflicts, [{ file: 'lock' }])
    t.match(proposal.conflicts[0]?.message, `It could not be made anew: ${line}: ${reason}.`)
    t.match(proposal.regenerated, [{ paths: ['lock'], reason, tree: null }])
  }
})

void t.test('a command that takes too long is ended', async (t) => {
  const { proposal } = await proposed({
    base: locked,
    tasks: { one: wanting('b'), two: wanting('c') },
    declared: { regenerate: [rule('lock', 'sleep 600', { timeoutMs: 50 })] },
  })
  t.match(proposal.regenerated, [{ verdict: 'fail', reason: 'took longer than 0.05 s' }])
  t.equal(statesOf(proposal), 'one landed, two left-out')
})

void t.test('one task alone, or one that started from the other, has its lock file kept as it is', async (t) => {
  const { sealing, proposal } = await proposed({
    base: locked,
    tasks: { one: wanting('b'), two: { ...wanting('c'), lock: 'by hand\n' } },
    needs: { two: 'one' },
    declared: { regenerate: [rule('lock', 'exit 1')] },
  })
  t.equal(statesOf(proposal), 'one landed, two landed')
  t.equal(await sealing.read(proposal.commit, 'lock'), 'by hand\n')
  t.strictSame(proposal.regenerated, [])
})

void t.test('what breaks a check is looked for in trees whose lock files were made anew', async (t) => {
  const { sealing, proposal } = await proposed({
    base: locked,
    tasks: { one: wanting('b'), two: wanting('c'), three: wanting('d') },
    declared: { regenerate: [rule('lock', list)] },
    checks: [{ name: 'no c', command: ['sh', '-c', 'ls wants | cmp - lock && ! grep -q c lock'], timeoutMs: null }],
  })
  t.equal(statesOf(proposal), 'one landed, two left-out, three landed')
  t.match(proposal, { verdict: 'pass', blame: [{ tasks: ['two'], dropped: 'two' }] })
  t.equal(await sealing.read(proposal.commit, 'lock'), 'a\nb\nd\n')
})

void t.test('the conflict of an undeclared lock file says how to declare it', async (t) => {
  const { proposal } = await proposed({
    base: { 'app/Cargo.lock': 'a\n' },
    tasks: { one: { 'app/Cargo.lock': 'b\n' }, two: { 'app/Cargo.lock': 'c\n' } },
  })
  t.match(
    proposal.conflicts[0]?.message,
    'declare merge: { regenerate: { "app/Cargo.lock": "cd app && cargo update --workspace" } }.',
  )
})

void t.test('in a declared union both sides stay at every place, and what both put there stands once', async (t) => {
  const log = (...lines: readonly string[]): Files => ({ 'CHANGES.md': ['# Changes', ...lines, 'old'].join('\n') })
  const { sealing, proposal } = await proposed({
    base: log(),
    tasks: { one: log('- both', '- one'), two: log('- both', '- two') },
    declared: { union: ['*.md'] },
  })
  t.equal(await sealing.read(proposal.commit, 'CHANGES.md'), '# Changes\n- both\n- one\n- two\nold')
  t.match(proposal.resolved, [{ resolver: 'union', grade: 'certain', evidence: 'declared: both sides stay' }])
})

/** Ways to give a file attributes; git reads the first from the user's checkout. */
const attributesIn: Readonly<Record<string, (sealing: Sealing, text: string) => Promise<void>>> = {
  '.gitattributes': async ({ directory }, text) => {
    writeFileSync(join(directory, '.gitattributes'), text)
  },
  'info/attributes': async ({ directory }, text) => {
    writeFileSync(join(directory, '.git/info/attributes'), text)
  },
  'core.attributesFile': async ({ directory, git }, text) => {
    writeFileSync(join(directory, '.git/own'), text)
    await git.text(['config', 'core.attributesFile', join(directory, '.git/own')])
  },
}

void t.test("the user's own merge drivers decide, whatever resolvers could do", async (t) => {
  const lines = (...words: readonly string[]): Files => ({
    f: words.map((word) => `${word} word of a line\n`).join(''),
  })
  const scene = {
    base: lines('one', 'two', 'three'),
    tasks: { one: lines('ONE', 'two', 'three'), two: lines('one', 'TWO', 'three') },
  }
  for (const [attribute, landed, first] of [
    ['merge=theirs', true, 'one'],
    ['merge=union', true, 'ONE'],
    ['merge=fails', false, 'ONE'],
    ['-merge', false, 'ONE'],
    ['merge=binary', false, 'ONE'],
  ] as const)
    for (const [place, give] of Object.entries(attributesIn)) {
      const { sealing, proposal } = await proposed({
        ...scene,
        async prepare(sealing) {
          await sealing.git.text(['config', 'merge.theirs.driver', 'cp %B %A'])
          await sealing.git.text(['config', 'merge.fails.driver', 'false'])
          await give(sealing, `f ${attribute}\n`)
        },
      })
      t.equal(statesOf(proposal), `one landed, two ${landed ? 'landed' : 'left-out'}`, `${attribute} in ${place}`)
      t.match(await sealing.read(proposal.commit, 'f'), new RegExp(`^${first} word`))
      t.strictSame(proposal.resolved, [])
    }
  t.match((await proposed(scene)).proposal.resolved, [{ file: 'f' }], 'without them a resolver does')
})
