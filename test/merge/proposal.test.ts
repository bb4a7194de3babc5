import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi } from '../../src/actors/aggregator-api.ts'
import type { Finding } from '../../src/agents/agent.ts'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { openObjects } from '../../src/changes/objects.ts'
import { TroupeError } from '../../src/errors.ts'
import { asActorId, asAgentName, asCommitId, asTaskId, asTreeId, type CommitId } from '../../src/ids.ts'
import { bringOnto } from '../../src/merge/bring-onto.ts'
import type { Candidate } from '../../src/merge/candidate.ts'
import { type Check, runChecks } from '../../src/merge/check.ts'
import { mergeFindings } from '../../src/merge/findings.ts'
import { type Fold, fold } from '../../src/merge/fold.ts'
import { keepLedger } from '../../src/merge/keep-ledger.ts'
import { ledgerFiles } from '../../src/merge/ledger-files.ts'
import { defaultMergePolicy, type MergePolicy } from '../../src/merge/merge-policy.ts'
import { newOutputTail } from '../../src/merge/output-tail.ts'
import { proposalToMarkdown } from '../../src/merge/proposal-markdown.ts'
import { plainChecking, type ProposalRequest, type TaskEnding } from '../../src/merge/proposal-request.ts'
import type { LedgerLine, Proposal } from '../../src/merge/proposal.ts'
import { staleNames } from '../../src/merge/stale-names.ts'
import { startsFromAmong } from '../../src/merge/starts-from.ts'
import { diffLines } from '../../src/merge/text/line-diff.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import type { ProgramEnd } from '../../src/processes/program.ts'
import { ManualClock } from '../manual-clock.ts'
import { violations } from './json-schema.ts'
import { candidate, date, type Files, numbered, run, Sealing } from './sealing.ts'

const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/proposal.schema.json', import.meta.url), 'utf8'))

function aggregatorOf(sealing: Sealing, base: CommitId, signal = new AbortController().signal): AggregatorApi {
  const input = {
    run,
    repository: sealing.directory,
    base,
    scratch: join(sealing.directory, '.git', 'troupe-scratch'),
  }
  const context = { id: asActorId('aggregator'), input, signal, emit: () => {}, room: async () => {}, finish: () => {} }
  return aggregatorActor(context) as AggregatorApi
}

function ended(task: string, more: Partial<TaskEnding> = {}): TaskEnding {
  return {
    task: asTaskId(task),
    agent: asAgentName('scripted'),
    attempts: 1,
    needs: [],
    summary: null,
    findings: [],
    success: { contribution: null },
    trouble: null,
    ...more,
  }
}

const sealedAs = (changeSet: ChangeSet, more: Partial<TaskEnding> = {}): TaskEnding =>
  ended(changeSet.task, { success: { contribution: { changeSet, owns: null } }, ...more })

const request = (tasks: readonly TaskEnding[], checks: readonly Check[] = []): ProposalRequest => ({
  tasks,
  checks,
  merge: { strategy: 'in-order', resolvers: null, blame: false },
  createdAt: date,
  interrupted: false,
})

const shell = (name: string, script: string, timeoutMs: number | null = null): Check => ({
  name,
  command: ['sh', '-c', script],
  timeoutMs,
})

const finding: Finding = {
  rule: 'python/weak-hash',
  severity: 'warning',
  file: 'a.py',
  line: 3,
  column: 1,
  endLine: 3,
  endColumn: 9,
  message: 'md5 | is <weak>',
  text: 'md5(x)',
}

const used = { inputTokens: 1200, outputTokens: 30, costUsd: 0.125, models: ['m-1'], unknown: 0 }

/** A run with one of everything: landed, unchanged, left out, failed, and a dependant of what was left out. */
async function fullRun(sealing: Sealing): Promise<{ readonly base: CommitId; readonly request: ProposalRequest }> {
  const base = await sealing.begin({ f: numbered(9), 'g h': 'g\n' })
  const one = await sealing.seal('one', base, { f: numbered(9, { 5: 'one\n' }), same: 's' })
  const two = await sealing.seal('two', base, { f: numbered(9, { 5: 'two\n' }) })
  const heir = await sealing.seal('heir', two.commit, { h: 'h' })
  const three = await sealing.seal('three', base, { 'g h': 'G\n', same: 's' })
  const error = { ...finding, severity: 'error', line: 9, message: 'worse' } as const
  const tasks = [
    sealedAs(one, { summary: 'Say one\n\nbecause.', findings: [finding], usage: used }),
    sealedAs(two, { attempts: 2 }),
    sealedAs(heir, { needs: [two.task] }),
    sealedAs(three, { summary: 'x'.repeat(100), findings: [finding, error] }),
    ended('idle'),
    ended('broken', { success: null, trouble: { state: 'failed', reason: 'exit code 1' } }),
  ]
  return { base, request: request(tasks, [shell('tests', 'test "$(cat same)" = s'), shell('lint', 'echo no; exit 3')]) }
}

void t.test('a proposal accounts for every task, validates against its schema and reads well', async (t) => {
  using sealing = new Sealing()
  const { base, request: asked } = await fullRun(sealing)
  const proposal = await aggregatorOf(sealing, base).propose(asked)
  t.strictSame(violations(schema, JSON.parse(JSON.stringify(proposal))), [])
  t.strictSame(
    proposal.tasks.map(({ task, disposition }) => [task, disposition.state]),
    [
      ['one', 'landed'],
      ['two', 'left-out'],
      ['heir', 'left-out'],
      ['three', 'landed'],
      ['idle', 'unchanged'],
      ['broken', 'failed'],
    ],
  )
  t.match(proposal.tasks[1]?.disposition, {
    reason: 'conflicts with one in f',
    ref: `refs/troupe/${run}/two/1`,
    files: ['f'],
  })
  t.strictSame(proposal.files, ['f', 'g h', 'same'])
  t.strictSame(proposal.identical, [{ file: 'same', tasks: ['one', 'three'] }])
  t.strictSame(
    proposal.checks.map(({ name, verdict, reason, exitCode, outputTail }) => [
      name,
      verdict,
      reason,
      exitCode,
      outputTail,
    ]),
    [
      ['tests', 'pass', null, 0, ''],
      ['lint', 'fail', 'exit code 3', 3, 'no\n'],
    ],
  )
  t.equal(proposal.verdict, 'fail')
  t.equal(await sealing.git.text(['rev-parse', proposal.ref]), proposal.commit)
  const log = await sealing.git.text(['log', '--reverse', '--format=%an|%aI|%B', `${base}..${proposal.commit}`])
  t.match(log, `Troupe|2026-01-01T12:00:00+00:00|one: Say one\n\nbecause.\n\nTroupe-Run: ${run}\nTroupe-Task: one\n`)
  t.match(log, `three: ${'x'.repeat(64)}…\n\n${'x'.repeat(100)}\n\nTroupe-Run: ${run}\n`)
  t.matchOnly(
    await sealing.git.text(['log', '-1', '--format=%(trailers:key=Troupe-Agent,valueonly)', proposal.commit]),
    /^scripted\s*$/,
  )
  checkMarkdown(t, proposal)
})

function checkMarkdown(t: Test, proposal: Proposal): void {
  const markdown = proposalToMarkdown(proposal)
  t.match(markdown, /^# Checks fail: 2 of 6 tasks landed, 1 conflict\n/)
  for (const part of [
    `troupe apply ${run}`,
    '| `two` | scripted | 2 | **left out**: conflicts with one in f; kept at `refs/troupe/',
    '- `f` (content): one (line 5) and two (line 5) changed the same part of f.\n  - one `f:5`, two `f:5`',
    '- `same`: one, three',
    '| lint | **fail** | exit code 3 |',
    '| 1200 tokens in, 30 out, 0.13 USD |',
    'Used in all: ≥ 1200 tokens in, 30 out, 0.13 USD (m-1); 5 tasks did not tell all of it, so it may be more.',
    '```text\nno\n```',
    String.raw`| warning | ${'`a.py:3`'} | ${'`python/weak-hash`'} | md5 \| is &lt;weak> | one, three |`,
  ])
    t.ok(markdown.includes(part), part)
  t.match(
    markdown,
    /\n\n## Tasks\n\n\| Task \|.*\n(?:\| --- )+\|\n(?:\| `\w+` \|.*\|\n){6}\nUsed in all: .*\n\n## /,
    'a line for each task',
  )
  t.ok(markdown.indexOf('| error |') < markdown.indexOf('| warning |'), 'the worst comes first')
}

void t.test(
  'a conflict of every kind is told with the texts of both sides and of what they started from',
  async (t) => {
    using sealing = new Sealing()
    const base = await sealing.begin({
      f: numbered(20),
      gone: 'x\ny\n',
      l: 'text\n',
      ln: { link: 'f' },
      b: Buffer.from([0, 1]),
      'o/f': '1\n',
    })
    const first = await sealing.seal('first', base, { f: `above\n${numbered(20)}` })
    const ours = await sealing.seal('ours', base, {
      f: numbered(20, { 9: '```\n' }),
      gone: null,
      l: { link: 'f' },
      ln: { link: 'gone' },
      b: Buffer.from([0, 2]),
    })
    const content = await sealing.seal('content', base, { f: numbered(20, { 9: 'nine\r\n' }) })
    const deleted = await sealing.seal('deleted', base, { gone: 'x\nY\n' })
    const linked = await sealing.seal('linked', base, { l: 'TEXT\n' })
    const pointed = await sealing.seal('pointed', base, { ln: { link: 'b' } })
    const binary = await sealing.seal('binary', base, { b: Buffer.from([0, 3]) })
    const long = await sealing.seal('long', base, { f: numbered(20, { 9: `${'z'.repeat(9000)}\n` }) })
    const outside = await sealing.seal('outside', base, { 'o/f': '2\n' })
    const endings = [first, ours, content, deleted, linked, pointed, binary, long].map((one) => sealedAs(one))
    const owned = ended('outside', { success: { contribution: { changeSet: outside, owns: ['p/**'] } } })
    const proposal = await aggregatorOf(sealing, base).propose(request([...endings, owned]))
    t.same(violations(schema, JSON.parse(JSON.stringify(proposal))), [])
    const textsOf = (theirs: string): readonly object[] =>
      proposal.conflicts
        .filter((one) => one.theirs === theirs)
        .flatMap(({ texts }) => texts.map(({ text, truncated }) => ({ ...text, truncated })))
    const whole = { truncated: false }
    t.same(textsOf('content'), [{ ...whole, base: 'line 9\n', ours: '```\n', theirs: 'nine\r\n' }], 'not a line off')
    t.same(textsOf('deleted'), [{ ...whole, base: 'y\n', ours: null, theirs: 'Y\n' }])
    t.same(textsOf('linked'), [{ ...whole, base: 'text\n', ours: 'f', theirs: 'TEXT\n' }])
    t.same(textsOf('pointed'), [{ ...whole, base: 'f', ours: 'gone', theirs: 'b' }], 'where links lead')
    t.same(textsOf('binary'), [])
    t.same(textsOf('outside'), [{ ...whole, base: '1\n', ours: null, theirs: '2\n' }])
    t.match(textsOf('long'), [{ truncated: true, theirs: /^z{8000}$/ }])
    const [told] = proposal.conflicts.filter((one) => one.theirs === 'binary')
    t.match(told?.versions, { base: { mode: '100644', path: 'b' }, ours: { oid: /^\w{40}$/ }, theirs: { path: 'b' } })
    t.same(proposal.order, ['first', 'ours'])
    t.match(proposal.ledger[3], {
      task: 'deleted',
      dropped: 1,
      more: 0,
      changes: [{ file: 'gone', from: 2, to: 2, fate: 'dropped' }],
    })
    const markdown = proposalToMarkdown(proposal)
    t.match(
      markdown,
      /<details><summary>f: ours and content<\/summary>\n\n````text\n<<<<<<< ours\n```\n\|\|\|\|\|\|\| base\nline 9\n=======\nnine\n>>>>>>> content\n````\n\n<\/details>/,
    )
    t.match(markdown, /\| deleted \| 0 \| 0 \| 0 \| 0 \| 1 \|/)
  },
)

void t.test('the schema notices a proposal that is not one', async (t) => {
  using sealing = new Sealing()
  const { base, request: asked } = await fullRun(sealing)
  const proposal = JSON.parse(
    JSON.stringify(await aggregatorOf(sealing, base).propose({ ...asked, checks: [] })),
  ) as Record<string, unknown>
  const { tree: _tree, ...lacking } = proposal
  t.strictSame(violations(schema, lacking), ['$: lacks tree'])
  t.not(violations(schema, { ...proposal, verdict: 'green' }).length, 0)
  t.not(violations(schema, { ...proposal, more: 1 }).length, 0)
  t.not(
    violations(schema, { ...proposal, tasks: [{ ...(proposal['tasks'] as object[])[0], disposition: {} }] }).length,
    0,
  )
  t.equal(proposal['verdict'], 'not-run', 'without checks nothing is proven')
})

void t.test('docs/proposal.md speaks of every field of the schema and every kind it lists', async (t) => {
  const text = readFileSync(new URL('../../docs/proposal.md', import.meta.url), 'utf8')
  for (const word of wordsOf(schema)) t.match(text, `\`${word}\``)
})

/** Every property name and every allowed word of a schema. */
function wordsOf(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  const { properties, enum: allowed } = part as { readonly properties?: object; readonly enum?: readonly string[] }
  return [...Object.keys(properties ?? {}), ...(allowed ?? []), ...Object.values(part).flatMap(wordsOf)]
}

void t.test('the answer does not depend on when things arrived, nor on how often the aggregator died', async (t) => {
  using sealing = new Sealing()
  const { base, request: asked } = await fullRun(sealing)
  const quick = { ...asked, checks: [] }
  const contributions = asked.tasks.flatMap(({ success }) => success?.contribution ?? [])
  const known: Proposal[] = []
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(contributions, { minLength: 0 }), async (arriving) => {
      const aggregator = aggregatorOf(sealing, base)
      await Promise.all(arriving.map((contribution) => aggregator.add(contribution)))
      known.push(await aggregator.propose(quick))
      t.strictSame(known.at(-1), known[0])
    }),
    { numRuns: 8 },
  )
})

void t.test('conflicts are told as change sets arrive, once and the same when asked again', async (t) => {
  using sealing = new Sealing()
  const { base, request: asked } = await fullRun(sealing)
  const [one, two, heir, three] = asked.tasks.flatMap(({ success }) => success?.contribution ?? [])
  if (!one || !two || !heir || !three) throw new Error('four tasks contribute')
  const aggregator = aggregatorOf(sealing, base)
  t.strictSame(await aggregator.add(one), [])
  const conflicts = await aggregator.add(two)
  t.match(conflicts, [{ kind: 'content', file: 'f', ours: 'one', theirs: 'two' }])
  t.strictSame(await aggregator.add(three), [])
  t.strictSame(await aggregator.add(heir), [])
  t.strictSame(await aggregator.add(two), conflicts)
  t.strictSame(await aggregator.add(one), [], 'what came later is not its conflict')
  t.match(await aggregator.baseFor([one.changeSet, two.changeSet]), { how: 'conflict', conflicts: [{ file: 'f' }] })
  t.match(await aggregator.baseFor([one.changeSet, three.changeSet]), { how: 'merged' })
})

void t.test("the user's checkout, index, stash, branches and config stay as they are", async (t) => {
  using sealing = new Sealing()
  const { base, request: asked } = await fullRun(sealing)
  await sealing.git.text(['reset', '--quiet', '--hard'])
  writeFileSync(join(sealing.directory, 'f'), 'unfinished work')
  writeFileSync(join(sealing.directory, 'untracked'), 'mine')
  await sealing.git.text(['add', 'f'])
  const before = await fingerprint(sealing)
  const aggregator = aggregatorOf(sealing, base)
  for (const { success } of asked.tasks) if (success?.contribution) await aggregator.add(success.contribution)
  await aggregator.propose(asked)
  t.strictSame(await fingerprint(sealing), before)
  t.notOk(existsSync(join(sealing.directory, '.git', 'troupe-scratch', 'check')), 'the checkout of the checks is gone')
  t.equal((await sealing.git.text(['worktree', 'list'])).split('\n').length, 1)
})

/** Everything of a repository but objects and Troupe's own refs. */
async function fingerprint({ directory, git }: Sealing): Promise<unknown> {
  const refs = await git.text(['for-each-ref', '--format=%(refname) %(objectname)'])
  const own = readdirSync(directory).filter((name) => name !== '.git')
  const internal = ['HEAD', 'index', 'config', 'logs/HEAD'].filter((name) => existsSync(join(directory, '.git', name)))
  return {
    refs: refs.split('\n').filter((line) => !line.startsWith('refs/troupe/')),
    files: [...own, ...internal.map((name) => join('.git', name))].map((name) => {
      const path = join(directory, name)
      return [name, statSync(path).mtimeMs, createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  }
}

void t.test('checks run one after the other on the merged files alone, and none outlives its end', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: 'a' })
  const one = await sealing.seal('one', base, { g: 'b' })
  const checks = [
    shell('sees the merge', 'cat f g; test ! -t 0; cat'),
    shell('leaves a child', 'sleep 1000 & echo $!'),
    { name: 'missing', command: ['no-such-program-anywhere'], timeoutMs: null },
    shell('missing in a shell', 'no-such-program-anywhere'),
    shell('hangs', 'echo began; exec sleep 1000', 50),
    shell('dies', 'kill -9 $$'),
    shell('floods', 'yes 0123456789 | head -c 300000; echo; echo end; exit 1'),
    shell('knows no other repository', 'test -z "$GIT_DIR" && git rev-parse HEAD'),
  ]
  process.env['GIT_DIR'] = '/nowhere'
  t.teardown(() => delete process.env['GIT_DIR'])
  const proposal = await aggregatorOf(sealing, base).propose(request([sealedAs(one)], checks))
  const [sees, leaves, , , , , floods, repository] = proposal.checks
  t.strictSame(
    proposal.checks.map(({ name, verdict, reason }) => [name, verdict, reason]),
    [
      ['sees the merge', 'pass', null],
      ['leaves a child', 'pass', null],
      ['missing', 'not-run', 'cannot start no-such-program-anywhere: ENOENT'],
      ['missing in a shell', 'not-run', 'command not found'],
      ['hangs', 'fail', 'took longer than 0.05 s'],
      ['dies', 'fail', 'killed by SIGKILL'],
      ['floods', 'fail', 'exit code 1'],
      ['knows no other repository', 'pass', null],
    ],
  )
  t.equal(sees?.outputTail, 'ab', 'standard input is closed')
  t.notOk(isRunning(Number(leaves?.outputTail)))
  t.ok((floods?.outputTail.length ?? 0) <= 64 * 1024)
  t.match(floods?.outputTail, /^0123456789\n[^]*\nend\n$/)
  t.equal(repository?.outputTail.trim(), proposal.commit)
  t.equal(proposal.verdict, 'fail')
})

void t.test('what a check that was cut off has left is cleared before the next one', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: 'a' })
  const one = await sealing.seal('one', base, { g: 'b' })
  const checking = { ...plainChecking, reusePasses: false }
  const tests = shell('tests', 'test ! -e left && touch left && pwd')
  const asked = { ...request([sealedAs(one)], [tests]), checking }
  const [first] = (await aggregatorOf(sealing, base).propose(asked)).checks
  const folder = first?.outputTail.trim() ?? ''
  await sealing.git.text(['worktree', 'add', '--quiet', '--lock', '--detach', folder, base])
  writeFileSync(join(folder, 'left'), '')
  t.match((await aggregatorOf(sealing, base).propose(asked)).checks, [{ verdict: 'pass' }])
  rmSync(folder, { recursive: true, force: true })
  t.match((await aggregatorOf(sealing, base).propose(asked)).checks, [{ verdict: 'pass' }])
  t.equal((await sealing.git.text(['worktree', 'list'])).split('\n').length, 1)
})

/** A process that is dead and only waits for its parent to read how it ended does not run. */
function isRunning(pid: number): boolean {
  if (!existsSync('/proc/self')) return spawnSync('kill', ['-0', `${pid}`]).status === 0
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

void t.test('a check that cannot have its checkout, or has nothing to check, or is stopped, is not run', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin({ f: 'a' })
  const one = await sealing.seal('one', base, { g: 'b' })
  const asked = request([sealedAs(one)], [shell('tests', 'true')])
  t.match((await aggregatorOf(sealing, base).propose({ ...asked, tasks: [ended('idle')] })).checks, [
    { verdict: 'not-run', reason: 'nothing landed' },
  ])
  t.match((await aggregatorOf(sealing, base, AbortSignal.abort()).propose(asked)).checks, [
    { verdict: 'not-run', reason: 'stopped before it began' },
  ])
  rmSync(join(sealing.directory, '.git', 'worktrees'), { recursive: true, force: true })
  writeFileSync(join(sealing.directory, '.git', 'worktrees'), 'in the way')
  const { checks, verdict } = await aggregatorOf(sealing, base).propose(asked)
  t.match(checks, [{ verdict: 'not-run', reason: /^the merged tree cannot be checked out/ }])
  t.equal(verdict, 'not-run')
})

void t.test('a check over its time fails by the clock it was given', async (t) => {
  const clock = new ManualClock()
  const world = {
    clock,
    signal: new AbortController().signal,
    environment: {},
    runCommand: (_command: object, { signal }: { readonly signal: AbortSignal }): Promise<ProgramEnd> => {
      const { promise, resolve } = Promise.withResolvers<ProgramEnd>()
      signal.addEventListener('abort', () => {
        resolve({ how: 'stopped' })
      })
      clock.advance(60_000)
      return promise
    },
  }
  t.match(await runChecks(world, [shell('slow', '', 60_000)], '.'), [
    { verdict: 'fail', reason: 'took longer than 60 s', durationMs: 60_000 },
  ])
  t.equal(clock.waiting, 0)
})

void t.test('the tail of an output is its end, whatever the chunks', async (t) => {
  await fc.assert(
    fc.property(
      fc.array(fc.array(fc.constantFrom('a\n', 'bcd', 'é', '\n'))),
      fc.integer({ min: 1, max: 40 }),
      (chunks, limit) => {
        const tail = newOutputTail(limit)
        const whole = chunks.map((chunk) => chunk.join('')).join('')
        for (const chunk of chunks) tail.add(Buffer.from(chunk.join('')))
        t.ok(
          Buffer.byteLength(whole) <= limit
            ? tail.text() === whole
            : whole.endsWith(tail.text().replace(/^\uFFFD+/, '')),
        )
        t.ok(Buffer.byteLength(tail.text().replaceAll('\uFFFD', '')) <= limit)
      },
    ),
  )
})

void t.test(
  'the same finding of several tasks is told once, and the order of tasks does not change the list',
  async (t) => {
    const place = fc.record({
      rule: fc.constantFrom('a', 'b'),
      line: fc.integer({ min: 1, max: 3 }),
      text: fc.constantFrom('x', 'y'),
    })
    await fc.assert(
      fc.property(fc.array(fc.array(place)), (lists) => {
        const tasks = lists.map((list, index) => ({
          task: asTaskId(`t${index}`),
          findings: list.map((one) => ({ ...finding, ...one })),
        }))
        const merged = mergeFindings(tasks)
        const keys = merged.map(({ rule, line, text }) => `${line}${rule}${text}`)
        t.strictSame(keys, [...new Set(lists.flat().map(({ rule, line, text }) => `${line}${rule}${text}`))].toSorted())
        const withSortedTasks = (list: typeof merged): unknown =>
          list.map((one) => ({ ...one, tasks: one.tasks.toSorted() }))
        t.strictSame(withSortedTasks(mergeFindings(tasks.toReversed())), withSortedTasks(merged))
      }),
    )
  },
)

const path = fc.constantFrom('a', 'b', 'c', 'd/e', 'd/f', '-g')
const change = fc.record({
  path,
  line: fc.integer({ min: 1, max: 12 }),
  word: fc.constantFrom('x\n', 'y\n', '', 'two\nlines\n'),
})
const workload = fc.array(fc.array(change, { maxLength: 3 }), { minLength: 1, maxLength: 5 })
const seeds: Files = Object.fromEntries(['a', 'b', 'c', 'd/e', 'd/f', '-g'].map((name) => [name, numbered(12)]))

const filesOf = (
  changes: readonly { readonly path: string; readonly line: number; readonly word: string }[],
): Files => {
  const replaced = Object.groupBy(changes, ({ path: name }) => name)
  return Object.fromEntries(
    Object.entries(replaced).map(([name, list = []]) => [
      name,
      numbered(12, Object.fromEntries(list.map(({ line, word }) => [line, word]))),
    ]),
  )
}

void t.test('no workload loses a task in silence, leaks a conflict marker or depends on the hour', async (t) => {
  await fc.assert(
    fc.asyncProperty(workload, async (tasks) => {
      using sealing = new Sealing()
      const base = await sealing.begin(seeds)
      const sealed: ChangeSet[] = []
      for (const [index, changes] of tasks.entries())
        sealed.push(await sealing.seal(`t${index}`, base, filesOf(changes)))
      const asked = request(sealed.map((changeSet) => sealedAs(changeSet)))
      const proposal = await aggregatorOf(sealing, base).propose(asked)
      const told = new Set(proposal.conflicts.map(({ theirs }) => theirs))
      for (const { task, disposition } of proposal.tasks) t.equal(told.has(task), disposition.state === 'left-out')
      for (const file of proposal.files) t.notMatch(await sealing.read(proposal.commit, file), /^[<|=>]{7}/m)
      t.strictSame(await aggregatorOf(sealing, base).propose(asked), proposal)
    }),
    { numRuns: 15 },
  )
})

void t.test('tasks with files of their own fold to all of their changes at once, in any order', async (t) => {
  await fc.assert(
    fc.asyncProperty(workload, fc.nat(), async (tasks, turn) => {
      using sealing = new Sealing()
      const base = await sealing.begin(seeds)
      const own = tasks.map((changes, index) =>
        filesOf(changes.filter(({ path: name }) => Object.keys(seeds).indexOf(name) % tasks.length === index)),
      )
      const sealed: ChangeSet[] = []
      for (const [index, files] of own.entries()) sealed.push(await sealing.seal(`t${index}`, base, files))
      const all = await sealing.seal('all', base, Object.assign({}, ...own) as Files)
      const endings = sealed.map((changeSet) => sealedAs(changeSet))
      const cut = turn % endings.length
      for (const order of [endings, endings.toReversed(), [...endings.slice(cut), ...endings.slice(0, cut)]]) {
        const proposal = await aggregatorOf(sealing, base).propose(request(order))
        t.equal(proposal.tree, all.tree)
        t.strictSame(proposal.conflicts, [])
      }
    }),
    { numRuns: 10 },
  )
})

/** Tasks that each write a file of their own, and what fails when some of the files are there. */
async function blamedRun(
  t: Pick<Test, 'teardown'>,
  script: string,
  more: {
    readonly names?: string
    readonly tasks?: Readonly<Record<string, Partial<TaskEnding>>>
    readonly merge?: Partial<MergePolicy>
  } = {},
): Promise<Proposal> {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const base = await sealing.begin({ seed: '1\n' })
  const names = (more.names ?? 'abcdef').split('')
  const tasks = await Promise.all(
    names.map(async (name) => sealedAs(await sealing.seal(name, base, { [name]: name }), more.tasks?.[name])),
  )
  const merge = { ...defaultMergePolicy, ...more.merge }
  return await aggregatorOf(sealing, base).propose({
    ...request(tasks, [shell('style', 'true'), shell('tests', script)]),
    merge,
  })
}

const landedIn = ({ tasks }: Proposal): string =>
  tasks.flatMap(({ task, disposition }) => (disposition.state === 'landed' ? [task] : [])).join('')

void t.test('two tasks that break a check together are named, one is left out, and the rest is green', async (t) => {
  const together = 'test ! -e b || test ! -e e || { echo b and e; exit 1; }'
  const proposal = await blamedRun(t, together)
  t.match(proposal, { verdict: 'pass', checks: [{ verdict: 'pass' }, { verdict: 'pass' }] })
  t.match(proposal.blame, [{ check: 'tests', how: 'culprits', tasks: ['b', 'e'], dropped: 'e' }])
  t.equal(landedIn(proposal), 'abcdf')
  t.match(proposal.tasks[4]?.disposition, { state: 'left-out', reason: 'breaks the check tests together with b' })
  t.match(
    proposalToMarkdown(proposal),
    /b \+ e break check "tests"; b alone and e alone pass; e was left out \(\d+ runs\)/,
  )
  t.same(violations(proposal, schema), [])
  const weighted = await blamedRun(t, together, { names: 'bde', tasks: { e: { priority: 1 } } })
  t.match(weighted.blame, [{ tasks: ['b', 'e'], dropped: 'b' }], 'the lighter one')
  const none = await blamedRun(t, together, { names: 'bde', merge: { blame: false } })
  t.match(none, { verdict: 'fail', blame: [] })
  const all = await blamedRun(t, together, { names: 'bde', merge: { strategy: 'all-or-nothing' } })
  t.match(all, { verdict: 'fail', blame: [{ tasks: ['b', 'e'], dropped: null }] })
})

void t.test('several things that break checks are found one after the other', async (t) => {
  const proposal = await blamedRun(t, 'test ! -e c && { test ! -e a || test ! -e f; }')
  t.equal(landedIn(proposal), 'abde')
  t.equal(proposal.verdict, 'pass')
  t.same(proposal.blame.map(({ tasks }) => tasks.join('')).toSorted(), ['af', 'c'])
})

void t.test('a base that fails by itself and a check that fails by chance cost nobody anything', async (t) => {
  const red = await blamedRun(t, 'exit 1')
  t.match(red, { verdict: 'fail', blame: [{ how: 'base', tasks: [], dropped: null }] })
  t.equal(landedIn(red), 'abcdef')
  const folder = new Sealing()
  t.teardown(() => folder[Symbol.dispose]())
  const count = join(folder.directory, 'count')
  const flaky = await blamedRun(t, `echo x >> '${count}'; test $(wc -l < '${count}') -ne 1`)
  t.match(flaky, { verdict: 'pass', blame: [{ how: 'flaky', dropped: null }] })
  t.match(flaky.checks[1], { verdict: 'pass', reason: 'it failed before it passed: it is not to be relied on' })
  t.equal(landedIn(flaky), 'abcdef')
})

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

/** A file with one letter a line. */
const letters = (word: string): Files => ({ f: word.replaceAll(/./g, '$&\n') })

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

void t.test('what several made alike is accounted for though git would bring it in again', async (t) => {
  const alike = letters('bbbaaababb')
  const scene = await sceneOf(letters('bbbaaabab'), { one: alike, other: letters('bbbaaabbb'), twin: alike })
  const result = await folded(scene)
  t.same(landedOf(result), 'one,other,twin')
  t.match(await ledgerOf(scene, result), [{ equivalent: 1 }, { kept: 1 }, { equivalent: 1 }])
})

void t.test('a file that becomes one of another encoding is accounted for', async (t) => {
  const lines = numbered(9, { 5: 'ü\n' })
  const latin = Buffer.concat([Buffer.from(lines), Buffer.from('é\n', 'latin1')])
  const scene = await sceneOf({ f: lines }, { latin: { f: latin }, utf: { f: numbered(9, { 1: 'ö\n', 5: 'ü\n' }) } })
  t.match(await ledgerOf(scene, await folded(scene)), [{ kept: 1 }, { kept: 1 }])
})

void t.test('a file that one moved and another made unlike the one before is accounted for', async (t) => {
  const after = numbered(8, { 1: 'A\n', 2: 'B\n', 3: 'C\n' })
  const edited = numbered(8, { 5: 'E\n', 6: 'F\n', 7: 'G\n', 8: 'H\n' })
  const scene = await sceneOf({ f: numbered(8) }, { move: { f: null, g: after }, edit: { f: edited } })
  t.match(await ledgerOf(scene, await folded(scene)), [{ kept: 1 }, { kept: 1 }])
})

void t.test(
  'a resolver in the same file changes nothing about a line that one took away and another put',
  async (t) => {
    const text = (version: string, ...files: readonly string[]): Files => ({
      'package.json': `{\n  "version": "${version}",\n  "files": [\n${files.map((file) => `    "${file}",\n`).join('')}    "z"\n  ]\n}\n`,
    })
    const scene = await sceneOf(text('1.2.0', 'start', 'x', 'save', 'y', 'stop'), {
      remove: text('1.2.1', 'x', 'save', 'y', 'stop'),
      again: text('1.3.0', 'start', 'x', 'start', 'x', 'save', 'y', 'stop'),
    })
    t.match(await ledgerOf(scene, await folded(scene)), [{ resolved: 1, kept: 1 }, { kept: 2 }])
  },
)

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

void t.test(
  'equal lines elsewhere do not accuse one who took a line away, nor excuse a change that is lost',
  async (t) => {
    const text = 'start();\nlog("x");\nsave();\nlog("y");\nstop();\n'
    const scene = await sceneOf(
      { f: text },
      {
        remove: { f: text.replace('start();\n', '') },
        again: { f: text.replace('save();\n', 'start();\nlog("x");\nsave();\n') },
      },
    )
    const result = await folded(scene)
    t.match(await ledgerOf(scene, result), [{ kept: 1 }, { kept: 1 }])
    const tangled = await sceneOf(letters('baaa'), { one: letters('bccaaa'), two: letters('cabaa') })
    const cabccaa = await folded(tangled)
    t.match(
      await ledgerOf(tangled, cabccaa),
      [{ kept: 1 }, { kept: 2 }],
      await tangled.sealing.read(cabccaa.commit, 'f'),
    )
    const twice = await sceneOf(
      { f: numbered(9) },
      { one: { f: numbered(9, { 3: 'line 7\n' }) }, two: { f: numbered(9, { 9: 'two\n' }) } },
    )
    const both = await folded(twice)
    const commit = await twice.sealing.commit('refs/heads/broken', { f: numbered(9, { 9: 'two\n' }) }, both.commit)
    const said = /lacks what one did to f \(lines 3-3 of its version\)/
    await t.rejects(ledgerOf(twice, { ...both, commit }), { message: said }, 'its line stands elsewhere')
  },
)

void t.test('what a file became that one added and another moved is accounted for', async (t) => {
  const scene = await sceneOf({ g: 'g\n' }, { add: { n: numbered(9) } })
  const [add] = scene.candidates
  if (add === undefined) throw new Error('no candidate')
  const needs = [add.changeSet.task]
  const moved = await scene.sealing.seal('move', add.changeSet.commit, { n: null, m: numbered(9, { 4: 'moved\n' }) })
  const again = await scene.sealing.seal('again', moved.commit, { m: null, k: numbered(9, { 4: 'again\n' }) })
  const once = { ...scene, candidates: [add, candidate(moved, { needs })] }
  t.match(await ledgerOf(once, await folded(once)), [{ superseded: 1 }, { kept: 1 }])
  const chain = { ...scene, candidates: [...once.candidates, candidate(again, { needs: [moved.task] })] }
  t.match(await ledgerOf(chain, await folded(chain)), [{ superseded: 1 }, { superseded: 1 }, { kept: 1 }])
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

void t.test('what a resolver decided before another task moved the file is accounted for', async (t) => {
  using sealing = new Sealing()
  const base = await sealing.begin(start)
  const works: readonly (readonly Edit[])[] = [
    [{ how: 'insert', file: 3, at: 1, lines: ['\n'] }],
    [{ how: 'insert', file: 3, at: 1, lines: ['alpha\n'] }],
    [{ how: 'rename', file: 3, at: 0, lines: [] }],
  ]
  const sealed: ChangeSet[] = []
  for (const [agent, edits] of works.entries())
    sealed.push(await sealing.seal(`t${agent}`, base, filesAfter(edits, agent)))
  const scene = { sealing, base, candidates: sealed.map((one) => candidate(one)) }
  const result = await folded(scene)
  t.same(
    [...result.landings.values()].map(({ state }) => state),
    ['landed', 'landed', 'landed'],
  )
  t.match(await ledgerOf(scene, result), [{ resolved: 1 }, {}, {}])
})

const fewLetters = fc.constantFrom('a', 'b', 'c', '}')

/** One of 2 to 5 works on a text of few distinct lines; it may start from an earlier one. */
const work = fc.record({
  from: fc.option(fc.nat(3), { freq: 2 }),
  edits: fc.array(fc.record({ at: fc.nat(8), away: fc.nat(2), lines: fc.array(fewLetters, { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
})
const repetitive = fc.record({
  text: fc.array(fewLetters, { minLength: 3, maxLength: 9 }),
  works: fc.array(work, { minLength: 2, maxLength: 5 }),
  /** What is lost of the result. */
  taken: fc.record({ side: fc.nat(), part: fc.nat(), line: fc.nat() }),
})
type Repetitive = typeof repetitive extends fc.Arbitrary<infer Value> ? Value : never

const asFile = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

interface TextSide {
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Number of the side that it started from. */
  readonly from: number | null
}

function textSides({ text, works }: Repetitive): readonly TextSide[] {
  const sides: TextSide[] = []
  for (const [number, { from, edits }] of works.entries()) {
    const start = from === null || number === 0 ? null : from % number
    const before = start === null ? text : (sides[start]?.after ?? text)
    const edited = (lines: readonly string[], one: (typeof edits)[number]) =>
      lines.toSpliced(one.at % (lines.length + 1), one.away, ...one.lines)
    sides.push({ before, after: edits.reduce<readonly string[]>(edited, before), from: start })
  }
  return sides
}

/** The sides as change sets; one of them may have another text than those that started from it know. */
async function repetitiveScene(
  sealing: Sealing,
  given: Repetitive,
  other: { readonly number: number; readonly after: readonly string[] } | null = null,
): Promise<Scene> {
  const base = await sealing.begin({ f: asFile(given.text) })
  const made: { readonly commit: CommitId; readonly candidate: Candidate }[] = []
  for (const [number, { after, from }] of textSides(given).entries()) {
    const needed = from === null ? undefined : made[from]
    const start = needed?.commit ?? base
    const sealed = await sealing.seal(`t${number}`, start, { f: asFile(after) })
    const asked =
      other?.number === number ? await sealing.seal(`t${number}`, start, { f: asFile(other.after) }) : sealed
    const needs = needed === undefined ? [] : [needed.candidate.changeSet.task]
    made.push({ commit: sealed.commit, candidate: candidate(asked, { needs }) })
  }
  return { sealing, base, candidates: made.map((one) => one.candidate) }
}

const byLines = { ...defaultMergePolicy, resolvers: null }

const foldedByLines = ({ sealing, base, candidates }: Scene): Promise<Fold> =>
  fold({ git: sealing.git, base, date, candidates, policy: byLines })

const landedOf = ({ landings }: Fold): string =>
  [...landings].flatMap(([task, { state }]) => (state === 'left-out' ? [] : [task])).join()

/** Whether a proposal with another text than the fold made is refused. */
async function isRefused(scene: Scene, result: Fold, text: string): Promise<boolean> {
  const commit = await scene.sealing.commit('refs/heads/broken', { f: text }, result.commit)
  const lines = ledgerOf(scene, { ...result, commit })
  return await lines.then(
    () => false,
    (error: unknown) => error instanceof TroupeError && error.code === 'LEDGER_INCOMPLETE',
  )
}

/** What the fold makes when one change of a side is lost; null when that makes no difference, or others cannot land then. */
async function textWithout(given: Repetitive, result: Fold): Promise<string | null> {
  const number = given.taken.side % given.works.length
  const sides = textSides(given)
  const { before = [], after = [] } = sides[number] ?? {}
  const hunks = diffLines(before, after)
  const hunk = hunks[given.taken.part % Math.max(1, hunks.length)]
  const isNeeded = sides.some(({ from }) => from === number)
  if (hunk === undefined || (isNeeded && hunks.length === 1)) return null
  const { oldFrom, oldTo, newFrom, newTo } = hunk
  const fewer = after.toSpliced(newFrom, newTo - newFrom, ...before.slice(oldFrom, oldTo))
  using sealing = new Sealing()
  const without = await foldedByLines(await repetitiveScene(sealing, given, { number, after: fewer }))
  return landedOf(without) === landedOf(result) ? await sealing.read(without.commit, 'f') : null
}

void t.test(
  'property: equal lines elsewhere neither accuse a change that is there nor excuse a lost one',
  async (t) => {
    let [lost, cut] = [0, 0]
    const property = fc.asyncProperty(repetitive, async (given) => {
      using sealing = new Sealing()
      const scene = await repetitiveScene(sealing, given)
      await ledgerOf(scene, await folded(scene))
      const result = await foldedByLines(scene)
      await ledgerOf(scene, result)
      const text = await sealing.read(result.commit, 'f')
      const lines = linesOf(text)
      // what several made alike may stand there once or as often as it was made
      if (new Set(textSides(given).map(({ after }) => after.join())).size < given.works.length) return
      if (result.commit !== scene.base && lines.length > 0) {
        cut += 1
        const shorter = lines.toSpliced(given.taken.line % lines.length, 1).join('')
        assert(await isRefused(scene, result, shorter), `a line is gone: ${shorter}`)
      }
      const without = await textWithout(given, result)
      if (without === null || without === text) return
      lost += 1
      assert(await isRefused(scene, result, without), `a change is gone: ${without}`)
    })
    await fc.assert(property, { numRuns: 40 })
    t.ok(lost > 0 && cut > 0, `${lost} changes were taken out, and ${cut} lines`)
  },
)

const remake = (): never => {
  throw new Error('nothing is declared')
}

interface Bringing {
  readonly base: Files
  /** What a task made of the base; it is not brought again. */
  readonly before: Files
  /** What the branch has instead of the base. */
  readonly gained: Files
  /** What a task that started from the first one made further. */
  readonly further: Files
}

/** The path f or package.json after the second task's work was brought to the branch. */
async function bringFurther(
  { base, before, gained, further }: Bringing,
  more: Partial<Candidate> = {},
): Promise<string> {
  using sealing = new Sealing()
  const start = await sealing.begin(base)
  const first = await sealing.seal('first', start, before)
  const gain = await sealing.seal('gain', start, gained)
  const second = candidate(await sealing.seal('second', first.commit, further), { needs: [first.task], ...more })
  const policy = { ...defaultMergePolicy, strategy: 'in-order' } as const
  const onto = { branch: 'main', commit: gain.commit }
  const request = { git: sealing.git, base: start, date, candidates: [second], policy, onto, run, remake }
  const { commit, landings } = await bringOnto(request)
  t.equal(landings.get(second.changeSet.task)?.state, 'landed')
  const [path = ''] = Object.keys(base)
  return (await sealing.listing(commit)).some((entry) => entry.endsWith(path)) ? await sealing.read(commit, path) : ''
}

void t.test('what a task made further of work that the branch has is brought there', async (t) => {
  const [base, before] = [{ f: numbered(20) }, { f: numbered(20, { 2: 'first\n', 9: 'line 3\n' }) }]
  const kept = { base, before, gained: before }
  t.equal(await bringFurther({ ...kept, further: { f: numbered(20) } }), numbered(20), 'it took it back')
  t.equal(await bringFurther({ ...kept, further: { f: null } }), '', 'it deleted the file')
  const apart = {
    base,
    before: { f: numbered(20, { 2: 'first\n' }) },
    gained: { g: 'user\n' },
    further: { f: numbered(20, { 2: 'first\n', 15: 'second\n' }) },
  }
  const edited = numbered(20, { 15: 'second\n' })
  t.equal(await bringFurther(apart), edited, 'the branch has taken the first work back')
  const json = (version: string, ...files: readonly string[]): Files => ({
    'package.json': `{\n  "version": "${version}",\n  "files": [\n${files.map((file) => `    "${file}",\n`).join('')}    "z"\n  ]\n}\n`,
  })
  const resolved = {
    base: json('1.2.0', 'a', 'b', 'c'),
    before: json('1.2.0', 'a', 'first', 'c'),
    gained: json('1.2.1', 'a', 'first', 'c'),
    further: json('1.3.0', 'a', 'second', 'c'),
  }
  t.equal(await bringFurther(resolved), json('1.3.0', 'a', 'second', 'c')['package.json'], 'with a resolver')
})

void t.test('whoever started from what another made alike has changed both further', async (t) => {
  const scene = await sceneOf({ f: 'f\n' }, { one: { f: 'alike\n' }, twin: { f: 'alike\n' } })
  const [, twin] = scene.candidates
  if (twin === undefined) throw new Error('no candidate')
  const heir = await scene.sealing.seal('heir', twin.changeSet.commit, { f: null })
  const whole = { ...scene, candidates: [...scene.candidates, candidate(heir, { needs: [twin.changeSet.task] })] }
  t.match(await ledgerOf(whole, await folded(whole)), [{ superseded: 1 }, { superseded: 1 }, { kept: 1 }])
})

void t.test('whoever has not landed has changed nothing further', async (t) => {
  const scene = await sceneOf({ bin: Buffer.from([0, 1]) }, { one: { bin: Buffer.from([0, 2]) } })
  const [one] = scene.candidates
  if (one === undefined) throw new Error('no candidate')
  const heir = await scene.sealing.seal('heir', one.changeSet.commit, { bin: Buffer.from([0, 3]) })
  const barred = candidate(heir, { needs: [one.changeSet.task], barred: 'it breaks a check' })
  const whole = { ...scene, candidates: [one, barred] }
  const result = await folded(whole)
  const commit = await scene.sealing.commit('refs/heads/broken', { bin: Buffer.from([0, 4]) }, result.commit)
  await t.rejects(ledgerOf(whole, { ...result, commit }), { message: /lacks what one did to bin/ })
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

void t.test('who started from whom is known of chains in which each started from all before', async (t) => {
  const ids = Array.from({ length: 60 }, (_, number) => asTaskId(`t${number}`))
  const candidates = ids.map((task, number) => {
    const ends = { base: asCommitId(zeros), commit: asCommitId(zeros), tree: asTreeId(zeros) }
    const changeSet = { task, agent: asAgentName('a'), attempt: 1, files: [], ...ends }
    return { changeSet, owns: null, needs: ids.slice(0, number), message: '' }
  })
  const startsFrom = startsFromAmong(candidates)
  t.equal(startsFrom(asTaskId('t59'), asTaskId('t0')), true)
  t.equal(startsFrom(asTaskId('t59'), asTaskId('elsewhere')), false)
  t.equal(startsFrom(asTaskId('t0'), asTaskId('t59')), false)
})

const zeros = '0'.repeat(40)
