import { matchesGlob } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { asAgentName, asTaskId } from '../../src/ids.ts'
import { findCycles } from '../../src/plan/cycle.ts'
import { buildGraph, type Graph } from '../../src/plan/graph.ts'
import { type OverlapWorld, predictOverlaps } from '../../src/plan/overlap.ts'
import { noBudget, type Task } from '../../src/plan/task.ts'

const task = (
  id: string,
  change: Partial<Omit<Task, 'needs'>> & { readonly needs?: readonly string[] } = {},
): Task => ({
  id: asTaskId(id),
  agent: asAgentName('command'),
  verb: 'run',
  prompt: null,
  command: ['x'],
  files: [],
  owns: null,
  priority: 0,
  timeoutMs: null,
  stallMs: null,
  memoryBytes: null,
  budget: noBudget,
  bestOf: null,
  retries: 0,
  onRetry: 'fresh',
  env: {},
  workspace: null,
  ...change,
  needs: (change.needs ?? []).map(asTaskId),
})

interface Node {
  readonly needs: readonly number[]
  readonly priority: number
  readonly files: readonly number[]
}

/** Tasks whose needs stand anywhere in the manifest, before them or behind. */
const dags = fc.integer({ min: 1, max: 30 }).chain((size) =>
  fc
    .tuple(
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size },
      ),
      fc.array(
        fc.record({
          needs: fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }),
          priority: fc.nat(2),
          files: fc.uniqueArray(fc.nat(8), { maxLength: 2 }),
        }),
        { minLength: size, maxLength: size },
      ),
    )
    .map(([heights, nodes]): readonly Node[] =>
      nodes.map((node, index) => {
        const isLower = (need: number): boolean => (heights[need] ?? 0) < (heights[index] ?? 0)
        return { ...node, needs: node.needs.filter(isLower) }
      }),
    ),
)
const tasksOf = (dag: readonly Node[]): readonly Task[] =>
  dag.map(({ needs, priority, files }, index) =>
    task(`t${index}`, { needs: needs.map((need) => `t${need}`), priority, files: files.map((file) => `f${file}`) }),
  )

/** All that is behind a task, by the plainest of ways. */
function ancestors(dag: readonly Node[], index: number): ReadonlySet<number> {
  const needs = dag[index]?.needs ?? []
  return new Set(needs.flatMap((need) => [need, ...ancestors(dag, need)]))
}

const ids = (tasks: readonly Task[], indices: readonly number[]): string =>
  indices.map((index) => tasks[index]?.id).join(' ')

t.test('property: order, ranks, waves and the critical path are what their words say', async (t) => {
  fc.assert(
    fc.property(dags, (dag) => {
      const graph = buildGraph(tasksOf(dag))
      const all = dag.map((_, index) => index)
      const place = (index: number): number => graph.order.indexOf(index)
      const rank = (index: number): number => graph.rank[index] ?? -1
      const longest = (index: number): number =>
        1 + Math.max(0, ...all.filter((other) => dag[other]?.needs.includes(index)).map(longest))
      const depth = (index: number): number => Math.max(0, ...(dag[index]?.needs ?? []).map((need) => depth(need) + 1))
      t.same(
        graph.order.toSorted((a, b) => a - b),
        all,
      )
      t.same(graph.remaining, all.map(longest))
      for (const [index, { needs }] of dag.entries())
        for (const need of needs) t.ok(place(need) < place(index) && rank(need) < rank(index))
      const byWords = all.toSorted(
        (a, b) => longest(b) - longest(a) || (dag[b]?.priority ?? 0) - (dag[a]?.priority ?? 0) || a - b,
      )
      t.same(graph.byRank, byWords)
      t.same(graph.byRank.map(rank), all)
      t.same(graph.waves, wavesBy(all, depth))
      t.equal(graph.criticalPath.length, Math.max(...all.map(longest)))
      for (const [at, index] of graph.criticalPath.entries())
        if (at > 0) t.ok(dag[index]?.needs.includes(graph.criticalPath[at - 1] ?? -1))
    }),
    { numRuns: 60 },
  )
})

function wavesBy(all: readonly number[], depth: (index: number) => number): readonly (readonly number[])[] {
  const deepest = Math.max(...all.map(depth))
  return Array.from({ length: deepest + 1 }, (_, wave) => all.filter((index) => depth(index) === wave))
}

t.test('the order is the manifest’s where needs leave it free', async (t) => {
  const order = (...tasks: readonly Task[]): string => ids(tasks, buildGraph(tasks).order)
  t.equal(order(task('a'), task('b'), task('c')), 'a b c')
  t.equal(
    order(task('a'), task('b', { needs: ['a'] }), task('c', { needs: ['a'] }), task('d', { needs: ['b', 'c'] })),
    'a b c d',
  )
  t.equal(
    order(task('a', { needs: ['d', 'c'] }), task('b'), task('c'), task('d')),
    'd c a b',
    'right after what it needs',
  )
})

t.test('soft edges order tasks, but are told apart from needs', async (t) => {
  const tasks = [task('a'), task('b'), task('c', { needs: ['a'] })]
  const graph = buildGraph(tasks, [{ first: asTaskId('b'), second: asTaskId('a') }])
  t.equal(ids(tasks, graph.order), 'b a c')
  t.same(graph.needs, [[], [], [0]])
  t.same(graph.after, [[1], [], []])
  t.same(graph.dependants, [[{ index: 2, hard: true }], [{ index: 0, hard: false }], []])
  t.equal(ids(tasks, graph.criticalPath), 'b a c')
  t.throws(() => buildGraph(tasks, [{ first: asTaskId('c'), second: asTaskId('a') }]), RangeError)
})

t.test('property: cycles are found exactly where there are some, each a true one, none sharing a task', async (t) => {
  const graphs = fc
    .integer({ min: 1, max: 12 })
    .chain((size) => fc.array(fc.uniqueArray(fc.nat(size), { maxLength: 3 }), { minLength: size, maxLength: size }))
  let cyclic = 0
  fc.assert(
    fc.property(graphs, (edges) => {
      const needs = new Map(edges.map((targets, index) => [`t${index}`, targets.map((target) => `t${target}`)]))
      const cycles = findCycles(needs)
      cyclic += Number(cycles.length > 0)
      t.equal(cycles.length > 0, hasCycle(needs))
      for (const cycle of cycles) {
        t.equal(cycle.at(0), cycle.at(-1))
        for (const [at, name] of cycle.slice(0, -1).entries()) t.ok(needs.get(name)?.includes(cycle[at + 1] ?? ''))
      }
      const told = cycles.flatMap((cycle) => cycle.slice(1))
      t.equal(new Set(told).size, told.length)
    }),
    { numRuns: 300 },
  )
  t.ok(cyclic > 50 && cyclic < 290, `${cyclic} of 300 had cycles`)
})

/** Whether something is left when all that needs nothing is taken away again and again. */
function hasCycle(needs: ReadonlyMap<string, readonly string[]>): boolean {
  const left = new Set(needs.keys())
  for (let before = -1; before !== left.size;) {
    before = left.size
    for (const name of left) if (!(needs.get(name) ?? []).some((need) => left.has(need))) left.delete(name)
  }
  return left.size > 0
}

t.test('two cycles that are apart are both told, also when one leads to the other', async (t) => {
  const cycles = findCycles(
    new Map([
      ['a', ['b', 'x']],
      ['b', ['c']],
      ['c', ['d', 'b']],
      ['d', ['e']],
      ['e', ['d']],
      ['x', ['a']],
    ]),
  )
  t.same(
    cycles.map((cycle) => cycle.join(' ')),
    ['d e d', 'b c b', 'a x a'],
  )
})

const world: OverlapWorld = { filesInBase: [], matches: matchesGlob, writes: () => true, willWrite: () => null }
const pairs = (
  tasks: readonly Task[],
  change: Partial<OverlapWorld> = {},
  graph: Graph = buildGraph(tasks),
): readonly string[] =>
  predictOverlaps(tasks, graph, { ...world, ...change }).map(
    ({ first, second, files }) => `${first} ${second}: ${files.join()}`,
  )

t.test(
  'property: overlaps are the pairs that share a file and that no need orders, with all files they share',
  async (t) => {
    fc.assert(
      fc.property(dags, (dag) => {
        const tasks = tasksOf(dag)
        const graph = buildGraph(tasks)
        const expected = graph.order.flatMap((first, at) =>
          graph.order.slice(at + 1).flatMap((second) => {
            if (ancestors(dag, second).has(first)) return []
            const files = (dag[first]?.files ?? []).filter((file) => dag[second]?.files.includes(file))
            return files.length === 0
              ? []
              : [
                  `t${first} t${second}: ${files
                    .map((file) => `f${file}`)
                    .toSorted()
                    .join()}`,
                ]
          }),
        )
        t.same(pairs(tasks), expected)
      }),
    )
  },
)

t.test('property: serialized, no overlap is left and no cycle has come about, also in a crowd', async (t) => {
  fc.assert(
    fc.property(dags, fc.integer({ min: 0, max: 25 }), (dag, more) => {
      const crowd = Array.from({ length: more }, (_, index) => task(`c${index}`, { files: ['f0'] }))
      const tasks = [...tasksOf(dag), ...crowd]
      const serialized = buildGraph(tasks, predictOverlaps(tasks, buildGraph(tasks), world))
      t.equal(serialized.order.length, tasks.length)
      t.same(pairs(tasks, {}, serialized), [])
    }),
  )
})

t.test('what a task may write is what its kind knows, else its files, else what it owns of the base', async (t) => {
  const filesInBase = ['src/x.js', 'src/deep/y.js', 'z.js']
  const owner = task('owner', { owns: ['src/**', '+(z).js'] })
  const writer = task('writer', { files: ['src/x.js', 'z.js'] })
  t.same(pairs([owner, writer], { filesInBase }), ['owner writer: src/x.js,z.js'])
  t.same(pairs([task('both', { owns: ['src/**'], files: ['a.js'] }), writer], { filesInBase }), [], 'files go first')
  t.same(pairs([owner, writer], { filesInBase, willWrite: ({ id }) => [`${id}.md`] }), [])
  t.same(pairs([owner, writer], { filesInBase, willWrite: () => [] }), [], 'a kind may know that nothing is written')
  t.same(pairs([owner, writer], { filesInBase, willWrite: () => ['all.md'] }), ['owner writer: all.md'])
  t.same(pairs([owner, writer], { filesInBase, writes: ({ id }) => id !== 'owner' }), [], 'no workspace of its own')
  t.same(pairs([task('a'), task('b'), writer]), [], 'of tasks that may write anything nothing is predicted')
})

t.test('a folder stands for all that lies in it', async (t) => {
  const tasks = [
    task('root', { files: ['.'] }),
    task('folder', { files: ['src'] }),
    task('file', { files: ['src/deep/x.js'] }),
    task('beside', { files: ['src-old/x.js'] }),
  ]
  t.same(pairs(tasks), [
    'root folder: src,src/deep/x.js',
    'root file: src/deep/x.js',
    'root beside: src-old/x.js',
    'folder file: src/deep/x.js',
  ])
})

t.test('of a crowd on one file neighbours are named', async (t) => {
  const crowd = (size: number): readonly Task[] =>
    Array.from({ length: size }, (_, index) => task(`t${index}`, { files: ['one'] }))
  t.equal(pairs(crowd(20)).length, 190)
  t.equal(pairs(crowd(21)).length, 20)
  t.equal(pairs(crowd(10_000)).length, 9_999)
})

t.test('a hundred thousand tasks overflow no stack, in whatever shape', async (t) => {
  const size = 100_000
  const indices = Array.from({ length: size }, (_, index) => index)
  const chain = indices.map((index) => task(`t${index}`, index === 0 ? {} : { needs: [`t${index - 1}`] }))
  t.equal(buildGraph(chain).criticalPath.length, size)
  t.equal(buildGraph(chain.toReversed()).waves.length, size, 'also from its end')
  const all = Array.from({ length: 2 * size }, (_, index) => task(`t${index}`, { files: [`f${index}`] }))
  const join = buildGraph([task('end', { needs: all.map(({ id }) => id) }), ...all])
  t.same([join.waves.length, join.order.at(-1)], [2, 0])
  t.same(pairs(all), [], 'files of their own')
  const ring = new Map(indices.map((index) => [`t${index}`, [`t${(index + 1) % size}`]]))
  t.equal(findCycles(ring)[0]?.length, size + 1)
})
