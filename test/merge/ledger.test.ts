import fc from 'fast-check'
import t from 'tap'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { openObjects } from '../../src/changes/objects.ts'
import { asTaskId, type CommitId } from '../../src/ids.ts'
import { bringOnto } from '../../src/merge/bring-onto.ts'
import type { Candidate } from '../../src/merge/candidate.ts'
import { type Fold, fold } from '../../src/merge/fold.ts'
import { keepLedger } from '../../src/merge/keep-ledger.ts'
import { ledgerFiles } from '../../src/merge/ledger-files.ts'
import { defaultMergePolicy } from '../../src/merge/merge-policy.ts'
import type { LedgerLine } from '../../src/merge/proposal.ts'
import { staleNames } from '../../src/merge/stale-names.ts'
import { candidate, date, type Files, numbered, run, Sealing } from './sealing.ts'

interface Scene {
  readonly sealing: Sealing
  readonly base: CommitId
  readonly candidates: readonly Candidate[]
}

const folded = ({ sealing, base, candidates }: Scene): Promise<Fold> =>
  fold({ git: sealing.git, base, date, candidates, policy: defaultMergePolicy })

async function ledgerOf(scene: Scene, result: Fold): Promise<readonly LedgerLine[]> {
  const { git } = scene.sealing
  await using objects = openObjects(git)
  const { candidates } = scene
  return keepLedger({
    files: await ledgerFiles({ git, objects, folded: result, candidates }),
    folded: result,
    candidates,
  })
}

async function sceneOf(base: Files, sides: Readonly<Record<string, Files>>): Promise<Scene> {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const start = await sealing.begin(base)
  const candidates: Candidate[] = []
  for (const [name, files] of Object.entries(sides)) candidates.push(candidate(await sealing.seal(name, start, files)))
  return { sealing, base: start, candidates }
}

const none = { kept: 0, equivalent: 0, resolved: 0, superseded: 0, dropped: 0 }

void t.test('every kind of fate is told', async (t) => {
  const scene = await sceneOf(
    { f: numbered(30), 'a.js': 'start()\nend()\n', bin: Buffer.from([0, 1]) },
    {
      plain: { f: numbered(30, { 3: 'plain\n', 9: '' }), bin: Buffer.from([0, 2]) },
      twin: { f: numbered(30, { 3: 'plain\n', 20: 'twin\n' }) },
      first: { 'a.js': 'start()\nfirst(1)\nend()\n' },
      second: { 'a.js': 'start()\nlet other\nend()\n' },
      rival: { bin: Buffer.from([0, 3]), f: numbered(30, { 28: 'rival\n' }) },
    },
  )
  const [plain] = scene.candidates
  if (plain === undefined) throw new Error('no candidate')
  const heir = await scene.sealing.seal('heir', plain.changeSet.commit, { f: numbered(30, { 3: 'further\n', 9: '' }) })
  const whole = { ...scene, candidates: [...scene.candidates, candidate(heir, { needs: [plain.changeSet.task] })] }
  const result = await folded({
    ...scene,
    candidates: whole.candidates.filter(({ changeSet }) => changeSet.task !== 'twin'),
  })
  const lines = await ledgerOf(
    { ...whole, candidates: whole.candidates.filter(({ changeSet }) => changeSet.task !== 'twin') },
    result,
  )
  t.match(lines, [
    { ...none, task: 'plain', kept: 2, superseded: 1 },
    { ...none, task: 'first', kept: 1 },
    { ...none, task: 'second', kept: 1 },
    { ...none, task: 'rival', dropped: 2 },
    { ...none, task: 'heir', kept: 1 },
  ])
  const alike = { ...scene, candidates: scene.candidates.slice(0, 2) }
  t.match(await ledgerOf(alike, await folded(alike)), [
    { task: 'plain', kept: 2, equivalent: 1 },
    { task: 'twin', kept: 1, equivalent: 1 },
  ])
})

void t.test('what a resolver made of a change is its decision', async (t) => {
  const scene = await sceneOf(
    { 'package.json': '{\n  "version": "1.2.0"\n}\n' },
    {
      low: { 'package.json': '{\n  "version": "1.2.1"\n}\n' },
      high: { 'package.json': '{\n  "version": "1.3.0"\n}\n' },
    },
  )
  t.match(await ledgerOf(scene, await folded(scene)), [
    { ...none, task: 'low', resolved: 1 },
    { ...none, task: 'high', kept: 1 },
  ])
})

void t.test('a change that is not there makes the proposal invalid, and is named', async (t) => {
  const scene = await sceneOf(
    { f: numbered(20), g: 'g\n', h: 'h\n' },
    { one: { f: numbered(20, { 5: 'one\n' }), g: 'G\n' }, two: { f: numbered(20, { 15: 'two\n' }), h: null } },
  )
  const result = await folded(scene)
  t.match(await ledgerOf(scene, result), [{ kept: 2 }, { kept: 2 }])
  const lost: Readonly<Record<string, { files: Files; said: RegExp }>> = {
    'a changed line': {
      files: { f: numbered(20, { 15: 'two\n' }) },
      said: /lacks what one did to f \(lines 5-5 of its version\), and nothing says why/,
    },
    'a whole file': { files: { g: 'g\n' }, said: /lacks what one did to g \(lines 1-1/ },
    'a file that was deleted': { files: { h: 'h\n' }, said: /lacks what two did to h/ },
  }
  for (const [title, { files, said }] of Object.entries(lost)) {
    const commit = await scene.sealing.commit('refs/heads/broken', files, result.commit)
    await t.rejects(ledgerOf(scene, { ...result, commit }), { code: 'LEDGER_INCOMPLETE', message: said }, title)
  }
})

const words = fc.constantFrom('alpha\n', 'beta\n', '}\n', '\n', 'gamma(1)\n', 'let delta\n')
const edit = fc.oneof(
  fc.record({
    how: fc.constant('insert'),
    file: fc.nat(3),
    at: fc.nat(29),
    lines: fc.array(words, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ how: fc.constant('delete'), file: fc.nat(3), at: fc.nat(29), lines: fc.constant([]) }),
  fc.record({
    how: fc.constantFrom('move', 'rename', 'remove'),
    file: fc.nat(3),
    at: fc.nat(29),
    lines: fc.constant([]),
  }),
)
type Edit = { readonly how: string; readonly file: number; readonly at: number; readonly lines: readonly string[] }

/** What one synthetic agent makes of the files. */
function filesAfter(edits: readonly Edit[], agent: number): Files {
  const texts = new Map<string, readonly string[] | null>()
  for (const { how, file, at, lines } of edits) {
    const name = `f${file}`
    const text = texts.get(name) === undefined ? textOf(file) : texts.get(name)
    if (text === null || text === undefined) continue
    if (how === 'insert') texts.set(name, text.toSpliced(at, 0, ...lines))
    else if (how === 'delete') texts.set(name, text.toSpliced(at, 2))
    else if (how === 'move') texts.set(name, [...text.slice(3), ...text.slice(0, 3)])
    else texts.set(name, null)
    if (how === 'rename') texts.set(`moved/${name}-${agent % 2}`, text)
  }
  return Object.fromEntries([...texts].map(([name, text]) => [name, text?.join('') ?? null]))
}

const textOf = (file: number): readonly string[] => Array.from({ length: 30 }, (_, at) => `line ${at} of ${file}\n`)
const start: Files = Object.fromEntries([0, 1, 2, 3].map((file) => [`f${file}`, textOf(file).join('')]))

void t.test('property: whatever 2 to 20 agents insert, delete, move and rename is accounted for', async (t) => {
  let resolved = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 20 }),
      async (works) => {
        using sealing = new Sealing()
        const base = await sealing.begin(start)
        const sealed: ChangeSet[] = []
        for (const [agent, edits] of works.entries())
          sealed.push(await sealing.seal(`t${agent}`, base, filesAfter(edits, agent)))
        const scene = { sealing, base, candidates: sealed.map((one) => candidate(one)) }
        const result = await folded(scene)
        const lines = await ledgerOf(scene, result)
        resolved += lines.reduce((sum, line) => sum + line.resolved, 0)
        for (const { task, dropped } of lines) {
          const state = result.landings.get(task)?.state
          if (dropped > 0 && state !== 'left-out')
            throw new Error(`${task} is ${state} and ${dropped} changes are dropped`)
        }
      },
    ),
    { numRuns: 12 },
  )
  t.comment(`${resolved} changes were a resolver's to decide`)
  t.pass('12 runs')
})

/** Two works that never go together. */
const removed: Edit = { how: 'remove', file: 0, at: 0, lines: [] }
const inserted: Edit = { how: 'insert', file: 0, at: 3, lines: ['alpha\n'] }

void t.test(
  'property: a branch that has moved counts as a change set that has landed, and loses nothing',
  async (t) => {
    let left = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 6 }),
        async ([moved = [], ...works]) => {
          using sealing = new Sealing()
          const base = await sealing.begin(start)
          const gain = await sealing.seal('gain', base, filesAfter(moved, 0))
          const sealed: Candidate[] = []
          for (const [agent, edits] of works.entries())
            sealed.push(candidate(await sealing.seal(`t${agent}`, base, filesAfter(edits, agent))))
          const policy = { ...defaultMergePolicy, strategy: 'in-order' } as const
          const request = { git: sealing.git, base, date, candidates: sealed, policy }
          const together = await fold({ ...request, candidates: [candidate(gain), ...sealed] })
          const onto = { branch: 'main', commit: gain.commit }
          const remake = (): never => {
            throw new Error('nothing is declared')
          }
          const brought = await bringOnto({ ...request, onto, run, remake })
          t.equal(brought.tree, together.tree)
          for (const [task, { state }] of brought.landings) {
            left += Number(state === 'left-out')
            t.equal(state === 'left-out', together.landings.get(task)?.state === 'left-out', task)
          }
          const commits = [...brought.landings.values()].filter(({ state }) => state === 'landed').length
          t.equal(await sealing.git.text(['rev-list', '--count', `${gain.commit}..${brought.commit}`]), String(commits))
          t.ok(brought.conflicts.every(({ ours }) => ours !== asTaskId('branch main')))
        },
      ),
      { numRuns: 8, examples: [[[[removed], [inserted]]]] },
    )
    t.ok(left > 0, `${left} did not go with it`)
  },
)

interface Stale {
  readonly title: string
  readonly base: Files
  readonly sides: Readonly<Record<string, Files>>
  /** `name: task that changed it > task that uses it`, and the place. */
  readonly said: readonly string[]
}

const library = 'export function load(path) {\n  return path\n}\n\nexport const size = 1\n'
const stale: readonly Stale[] = [
  {
    title: 'a function that one renames and another newly calls',
    base: { 'lib.js': library, 'use.js': 'start()\n' },
    sides: { a: { 'lib.js': library.replace('load', 'read') }, b: { 'use.js': 'start()\nload("x")\n' } },
    said: ['load: a > b at use.js:2:1'],
  },
  {
    title: 'parameters that one changes',
    base: { 'lib.py': 'def load(path):\n    return path\n', 'use.py': 'import lib\n' },
    sides: {
      a: { 'lib.py': 'def load(path, mode):\n    return path\n' },
      b: { 'use.py': 'import lib\n\nlib.load("x")\n' },
    },
    said: ['load: a > b at use.py:3:5'],
  },
  {
    title: 'a call that was there before is not new',
    base: { 'lib.js': library, 'use.js': 'load("x")\n' },
    sides: { a: { 'lib.js': library.replace('load', 'read') }, b: { 'use.js': 'load("x")\nstart()\n' } },
    said: [],
  },
  {
    title: 'a function that only moves',
    base: { 'lib.js': library, 'use.js': 'start()\n' },
    sides: { a: { 'lib.js': 'export const size = 1\n', 'other.js': library }, b: { 'use.js': 'start()\nload("x")\n' } },
    said: [],
  },
  {
    title: 'words of a text',
    base: { 'lib.js': library, 'use.md': 'start\n' },
    sides: { a: { 'lib.js': library.replace('load', 'read') }, b: { 'use.md': 'start\nload it\n' } },
    said: [],
  },
]

for (const { title, base, sides, said } of stale) {
  void t.test(`stale names: ${title}`, async (t) => {
    const scene = await sceneOf(base, sides)
    await using objects = openObjects(scene.sealing.git)
    const { candidates } = scene
    const files = await ledgerFiles({ git: scene.sealing.git, objects, folded: await folded(scene), candidates })
    const found = staleNames(files, () => false)
    t.same(
      found.map(
        ({ name, by, usedBy, finding }) =>
          `${name}: ${by} > ${usedBy} at ${finding.file}:${finding.line}:${finding.column}`,
      ),
      said,
    )
    t.same(
      staleNames(files, () => true),
      [],
      'whoever started from the change knows of it',
    )
  })
}
