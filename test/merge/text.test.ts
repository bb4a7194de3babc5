import { BoundedMemory } from '../../src/merge/bounded-memory.ts'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { histogram } from '../../src/merge/text/histogram.ts'
import { diffLines } from '../../src/merge/text/line-diff.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { myers } from '../../src/merge/text/myers.ts'
import type { Sequence } from '../../src/merge/text/sequence.ts'
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
  const options = ['--histogram', '--no-indent-heuristic', '--unified=0', '--inter-hunk-context=0', '--text']
  const { stdout } = spawnSync('git', ['diff', '--no-index', ...options, 'old', 'now'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const span = (from: string, count = '1'): string => {
    const start = count === '0' ? Number(from) : Number(from) - 1
    return `${start},${start + Number(count)}`
  }
  const files = new Map(
    stdout.split(/^diff --git /m).map((part) => [/^a\/old\/(\d+) b\/now\/\1$/m.exec(part)?.[1], part] as const),
  )
  return pairs.map((_, at) => {
    const heads = [...(files.get(String(at)) ?? '').matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)]
    return heads.map(([, of = '', oc, nf = '', nc]) => `${span(of, oc)} ${span(nf, nc)}`).join('; ')
  })
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
  const many = 'same\n'.repeat(100)
  t.same([hunksText(many, `${many}a\n${many}`)], gitHunks([[many, `${many}a\n${many}`]]), 'where lines are too common')
  t.end()
})

/** The new text, made of the old one and what is marked as changed. */
function marks(old: readonly number[], now: readonly number[], find: (a: Sequence, b: Sequence) => void): Sequence[] {
  const of = (ids: readonly number[]): Sequence => ({ ids: Int32Array.from(ids), changed: new Uint8Array(ids.length) })
  const both = [of(old), of(now)] as const
  find(...both)
  return [...both]
}

void t.test(
  'property: what neither side has marked is the same in both, and by Myers it is the most that can be',
  (t) => {
    const numbers = fc.array(fc.nat(4), { maxLength: 24 })
    const unmarked = ({ ids, changed }: Sequence): number[] => [...ids].filter((_, at) => changed[at] === 0)
    fc.assert(
      fc.property(numbers, numbers, (old, now) => {
        const whole = { aFrom: 0, aTo: old.length, bFrom: 0, bTo: now.length }
        const byMyers = marks(old, now, (x, y) => myers(x, y, whole)).map(unmarked)
        t.same(byMyers[0], byMyers[1])
        t.equal(byMyers[0]?.length, longestCommon(old, now))
        const byHistogram = marks(old, now, histogram).map(unmarked)
        t.same(byHistogram[0], byHistogram[1])
      }),
      { numRuns: 400 },
    )
    t.end()
  },
)

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
      // merge-file diffs by another algorithm, so that it may see a conflict more; never another result
      if (status === 0) t.equal(merged, stdout)
    }),
    { numRuns: 250 },
  )
  t.ok(clean > 30, `${clean} were clean`)
  t.end()
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
