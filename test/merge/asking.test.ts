import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi } from '../../src/actors/aggregator-api.ts'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { asActorId, type CommitId } from '../../src/ids.ts'
import { filledIn, leftMarker, markedText } from '../../src/merge/asking/marked-text.ts'
import type { OpenConflict } from '../../src/merge/asking/open-conflict.ts'
import type { OpenProposal, Trial } from '../../src/merge/asking/try-answer.ts'
import { fold } from '../../src/merge/fold.ts'
import { defaultMergePolicy, type MergePolicy } from '../../src/merge/merge-policy.ts'
import type { ProposalRequest } from '../../src/merge/proposal-request.ts'
import type { AskedConflict, Proposal } from '../../src/merge/proposal.ts'
import { foldRequestOf } from '../../src/merge/propose.ts'
import { linesOf } from '../../src/merge/text/lines.ts'
import { mergeThreeWays, type Segment } from '../../src/merge/text/three-way.ts'
import {
  begin,
  emptyFolder,
  git,
  manifest,
  type PrintedRun,
  repositoryOf,
  root,
  runHere,
  troupeHere,
} from '../acceptance/troupe.ts'
import { gone } from '../process-life.ts'
import { isWritten } from '../until.ts'
import { violations } from './json-schema.ts'
import { date, type Files, numbered, run, Sealing } from './sealing.ts'

process.env['XDG_STATE_HOME'] = emptyFolder(t)

const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/proposal.schema.json', import.meta.url), 'utf8'))
const labels = { ours: 'one', base: 'base', theirs: 'two' }

const segmentsOf = (base: string, ours: string, theirs: string): readonly Segment[] =>
  mergeThreeWays({ base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) })

void t.test('a conflict is laid out between markers that its own lines cannot be taken for', async (t) => {
  const plain = segmentsOf('a\nb\nc\n', 'a\nB\nc\n', 'a\nbb\nc')
  t.equal(
    markedText(plain, labels).join(''),
    'a\n<<<<<<< one\nB\nc\n||||||| base\nb\nc\n=======\nbb\nc\n>>>>>>> two\n',
    'a line that was the last gets an end',
  )
  const windows = segmentsOf('a\r\nb\r\n', 'a\r\nB\r\n', 'a\r\nbb\r\n')
  t.match(markedText(windows, labels).join(''), 'a\r\n<<<<<<< one\r\n')
  const headings = segmentsOf('T\n=======\nb\n', 'T\n=======\nB\n', 'T\n=======\nbb\n')
  t.match(markedText(headings, labels).join(''), '\n<<<<<<<< one\nB\n|||||||| base\nb\n========\nbb\n>>>>>>>> two\n')
  t.equal(leftMarker(['T\n', '=======\n', 'B\n'], headings), null, 'a line of the text is none')
  t.equal(leftMarker(['T\n', '=======\n', '>>>>>>> two\n'], headings), 3)
  t.equal(leftMarker(['a\n', 'B\n', '=======\n', 'c\n'], plain), 3)
})

const word = fc.constantFrom('a\n', 'b\n', 'c\n', '}\n', '\n')
const textOf = fc.array(word, { maxLength: 12 })

void t.test('whatever is filled in for conflicts is found again, and nothing else may be changed', async (t) => {
  fc.assert(
    fc.property(textOf, textOf, textOf, fc.array(textOf, { maxLength: 12 }), (base, ours, theirs, fillings) => {
      const segments = mergeThreeWays({ base, ours, theirs })
      let at = 0
      const answer = segments.flatMap((one) => (one.kind === 'clean' ? one.lines : (fillings[at++] ?? [])))
      const filled = filledIn(segments, answer)
      if (!filled.ok) return false
      const again = filled.chunks.map(({ lines }) => lines)
      at = 0
      const rebuilt = segments.flatMap((one) => (one.kind === 'clean' ? one.lines : (again[at++] ?? [])))
      return rebuilt.join('') === answer.join('') && filled.chunks.length === at
    }),
  )
  const segments = segmentsOf('a\nb\nc\nd\ne\n', 'a\nB\nc\nD\ne\n', 'a\nbb\nc\ndd\ne\n')
  for (const [answer, missing] of [
    ['B\nc\nD\ne\n', 'a'],
    ['a\nB\nD\ne\n', 'c'],
    ['a\nB\nc\nD\n', 'e'],
    ['a\nB\nc\nD\ne\nf\n', 'e'],
  ] as const)
    t.match(filledIn(segments, linesOf(answer)), { ok: false, missing }, answer)
  t.match(filledIn(segments, linesOf('a\nc\ne')), { ok: true }, 'the last line need not end')
  const many = 'many\n'.repeat(200_000)
  const long = mergeThreeWays({
    base: linesOf(`a\n${many}`),
    ours: linesOf(`b\n${many}`),
    theirs: linesOf(`c\n${many}`),
  })
  t.match(filledIn(long, linesOf(`bc\n${many}`)), { ok: true }, 'however many lines stay')
})

interface Scene {
  readonly sealing: Sealing
  readonly base: CommitId
  readonly aggregator: AggregatorApi
  readonly request: ProposalRequest
}

/** Tasks on one base, in the order given, and a check. */
async function sceneOf(
  sides: Readonly<Record<string, Files>>,
  { check = 'true', merge = {} }: { readonly check?: string | null; readonly merge?: Partial<MergePolicy> } = {},
): Promise<Scene> {
  const sealing = new Sealing()
  t.teardown(() => sealing[Symbol.dispose]())
  const base = await sealing.begin({ f: numbered(9), g: numbered(9), bin: Buffer.from([0, 1]) })
  const changeSets: ChangeSet[] = []
  for (const [name, files] of Object.entries(sides)) changeSets.push(await sealing.seal(name, base, files))
  const input = { run, repository: sealing.directory, base, scratch: join(sealing.directory, '.git', 'scratch') }
  const aggregator = aggregatorActor({
    id: asActorId('aggregator'),
    input,
    signal: new AbortController().signal,
    emit: () => {},
    room: async () => {},
    finish: () => {},
  }) as AggregatorApi
  const tasks = changeSets.map((changeSet) => ({
    task: changeSet.task,
    agent: changeSet.agent,
    attempts: 1,
    needs: [],
    summary: null,
    findings: [],
    success: { contribution: { changeSet, owns: null } },
    trouble: null,
  }))
  const checks = check === null ? [] : [{ name: 'tests', command: ['sh', '-c', check], timeoutMs: null }]
  const policy = { ...defaultMergePolicy, ...merge }
  return { sealing, base, aggregator, request: { tasks, checks, merge: policy, createdAt: date, interrupted: false } }
}

/** What an agent makes of a conflict that was laid out for it. */
async function answered(
  { sealing, aggregator, request }: Scene,
  { made, files }: { readonly made: OpenProposal; readonly files: Files },
): Promise<Trial> {
  const [conflict] = made.open
  if (conflict?.commit == null) throw new Error('nothing is laid out')
  const changeSet = await sealing.seal(`resolve+${conflict.task}`, conflict.commit, files)
  const answer = { changeSet, resolver: 'agent:fixer', evidence: 'attempt 1' }
  return await aggregator.tryAnswer({ request, conflict, answer })
}

const inOrder = { merge: { strategy: 'in-order' } } as const
const both = {
  one: { f: numbered(9, { 5: 'one\n' }) },
  two: { f: numbered(9, { 5: 'two\n', 8: 'eight\n' }), h: 'h\n' },
}

void t.test(
  'what stays in conflict is laid out on what has landed, with everything else of its change set',
  async (t) => {
    const scene = await sceneOf(both)
    const { proposal, open } = await scene.aggregator.proposeOpenly(scene.request)
    t.equal(proposal.verdict, 'pass')
    const [conflict] = open as readonly [OpenConflict]
    t.match(conflict, { task: 'two', with: ['one'], files: [{ path: 'f', mode: '100644' }], hindrance: null })
    t.equal(
      await scene.sealing.read(conflict.commit ?? '', 'f'),
      numbered(9, {
        5: '<<<<<<< one (landed)\none\n||||||| before both\nline 5\n=======\ntwo\n>>>>>>> two\n',
        8: 'eight\n',
      }),
    )
    t.equal(await scene.sealing.read(conflict.commit ?? '', 'h'), 'h\n')
    t.equal(await scene.sealing.git.text(['rev-parse', `${conflict.commit}^`]), proposal.commit)
    t.strictSame((await scene.aggregator.proposeOpenly(scene.request)).open, open, 'the same again')
  },
)

void t.test('a good answer lands what was left out, says who decided, and comes out the same again', async (t) => {
  for (const strategy of ['best-set', 'all-or-nothing'] as const) {
    const scene = await sceneOf(both, { check: 'grep -q "one and two" f || ! grep -q eight f', merge: { strategy } })
    const made = await scene.aggregator.proposeOpenly(scene.request)
    const trial = await answered(scene, { made, files: { f: numbered(9, { 5: 'one and two\n', 8: 'eight\n' }) } })
    if (!trial.kept) throw new Error(trial.reason)
    const { proposal, answers } = trial
    t.equal(await scene.sealing.read(proposal.commit, 'f'), numbered(9, { 5: 'one and two\n', 8: 'eight\n' }))
    t.match(proposal, { conflicts: [], verdict: 'pass', tasks: [{}, { disposition: { state: 'landed' } }] })
    t.match(proposal.resolved, [
      { file: 'f', task: 'two', line: 5, lines: 1, resolver: 'agent:fixer', grade: 'checked', ours: 'one\n' },
    ])
    t.match(proposal.ledger, [
      { task: 'one', resolved: 1, dropped: 0 },
      { task: 'two', kept: 2, resolved: 1, dropped: 0 },
    ])
    t.strictSame(violations(schema, JSON.parse(JSON.stringify(proposal))), [])
    const request = foldRequestOf(
      {
        git: scene.sealing.git,
        run,
        base: scene.base,
        regenerate: () => Promise.reject(new Error('nothing is declared')),
      },
      scene.request,
    )
    t.equal((await fold({ ...request, answers })).commit, proposal.commit, strategy)
    t.equal((await fold(request)).commit, made.proposal.commit, 'without the answer it is as it was')
  }
})

const good = numbered(9, { 5: 'one and two\n', 8: 'eight\n' })

const refusals: readonly (readonly [string, Files, string | RegExp])[] = [
  [
    'leaves a marker',
    { f: numbered(9, { 5: '=======\ntwo\n', 8: 'eight\n' }) },
    'it left a conflict marker in f, line 5',
  ],
  ['changes another file', { f: good, g: 'gone\n' }, 'it changed g, which is not in conflict'],
  ['adds a file', { f: good, new: 'n' }, 'it changed new, which is not in conflict'],
  ['drops a hunk that was merged', { f: numbered(9, { 5: 'both\n' }) }, 'where nothing was in conflict: "eight"'],
  ['does nothing', { g: 'g\n' }, 'it changed g'],
  ['takes the file away', { f: null }, 'it took f away'],
  ['makes it a program', { f: { run: good } }, 'it made f 100755, not 100644'],
  ['makes it a link', { f: { link: 'g' } }, 'it made f 120000, not 100644'],
  ['makes it binary', { f: Buffer.from([0, 1, 2]) }, 'it left f as something that is no text'],
  ['breaks the check', { f: numbered(9, { 5: 'red\n', 8: 'eight\n' }) }, 'the check tests fails with it (exit code 1)'],
]

void t.test('an answer that is not to be kept leaves the conflict as it was, and the reason is told', async (t) => {
  const scene = await sceneOf(both, { check: '! grep -q red f' })
  const made = await scene.aggregator.proposeOpenly(scene.request)
  for (const [name, files, reason] of refusals) {
    const trial = await answered(scene, { made, files })
    t.equal(trial.kept, false, name)
    t.match(trial, { reason }, name)
    await scene.sealing.git.text(['update-ref', '-d', `refs/troupe/${run}/resolve+two/1`])
  }
  const { ref, commit } = made.proposal
  t.equal(await scene.sealing.git.text(['rev-parse', ref]), commit, 'the proposal is where it was')
  const unchecked = await sceneOf(both, { check: null })
  const open = await unchecked.aggregator.proposeOpenly(unchecked.request)
  t.match(await answered(unchecked, { made: open, files: { f: good } }), {
    kept: false,
    reason: /no check is declared/,
  })
})

void t.test('conflicts that markers cannot show are not laid out', async (t) => {
  const scene = await sceneOf(
    {
      one: { bin: Buffer.from([0, 2]), g: null, f: numbered(9, { 5: 'one\n' }) },
      two: { bin: Buffer.from([0, 3]), f: numbered(9, { 5: 'two\n' }) },
      three: { g: 'other\n' },
    },
    inOrder,
  )
  const { open } = await scene.aggregator.proposeOpenly(scene.request)
  t.match(open, [
    { task: 'two', commit: null, hindrance: 'bin is in conflict as binary, which no markers can show' },
    { task: 'three', commit: null, hindrance: /^g is in conflict as modify\/delete/ },
  ])
})

void t.test('one answer after the other is kept, each on what the earlier ones made', async (t) => {
  const scene = await sceneOf(
    {
      one: { f: numbered(9, { 5: 'one\n' }), new: 'one\n' },
      two: { f: numbered(9, { 5: 'two\n' }) },
      three: { new: 'three\n' },
    },
    inOrder,
  )
  const first = await scene.aggregator.proposeOpenly(scene.request)
  t.strictSame(
    first.open.map(({ task }) => task),
    ['two', 'three'],
  )
  const second = await answered(scene, { made: first, files: { f: numbered(9, { 5: 'one\ntwo\n' }) } })
  if (!second.kept) throw new Error(second.reason)
  t.strictSame(
    second.open.map(({ task }) => task),
    ['three'],
  )
  const request = { ...scene.request, answers: second.answers }
  const third = await answered({ ...scene, request }, { made: second, files: { new: 'one\nthree\n' } })
  if (!third.kept) throw new Error(third.reason)
  t.equal(await scene.sealing.read(third.proposal.commit, 'new'), 'one\nthree\n', 'a file that both added')
  t.equal(await scene.sealing.read(third.proposal.commit, 'f'), numbered(9, { 5: 'one\ntwo\n' }))
  t.strictSame(third.proposal.conflicts, [])
})

// from here on whole runs, in which programs are asked

interface Teardown {
  teardown(work: () => void): void
}

const numbers = '1\n2\n3\n4\n5\n6\n7\n8\n9\n'
const writesGood = "printf '1\\n2\\n3\\n4\\none and two\\n6\\n7\\neight\\n9\\n' > f"
const check = 'grep -q "one and two" f || ! grep -q eight f'

/** Two tasks in conflict, and a program that is asked about it. */
function inConflict(
  t: Teardown,
  answer: string,
  more: object = {},
): { readonly directory: string; readonly path: string } {
  const directory = repositoryOf(t, { f: numbers, g: numbers })
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: [
      { id: 'one', agent: 'sh', command: "sed -i 's/^5$/one/' f" },
      { id: 'two', agent: 'sh', command: "sed -i 's/^5$/two/; s/^8$/eight/' f", priority: -1 },
    ],
    merge: { resolver: { agent: 'sh', command: answer, ...more } },
    check: [check],
  })
  return { directory, path }
}

async function printed(directory: string, ...args: readonly string[]): Promise<PrintedRun> {
  const { stdout, stderr } = await troupeHere(directory, '--json', ...args)
  if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
  return JSON.parse(stdout) as PrintedRun
}

const only = ({ resolutions }: Proposal): AskedConflict | undefined => resolutions[0]
const inRun = (directory: string, ...names: readonly string[]): string =>
  join(directory, '.agents/runs', readdirSync(join(directory, '.agents/runs'))[0] ?? '', ...names)

void t.test(
  'an answer is tried again with the reason told, kept when it is right, and comes out the same again',
  async (t) => {
    const answer = `grep -c '<<<<' f; test $TROUPE_ATTEMPT = 1 || ${writesGood}`
    const { directory, path } = inConflict(t, answer, { retries: 1 })
    const { exitCode, proposal } = await printed(directory, 'run', '--mode', 'thread', path)
    t.equal(exitCode, 0)
    t.match(only(proposal), { task: 'two', agent: 'sh', files: ['f'], attempts: 2, outcome: 'kept', reason: null })
    t.match(git(directory, 'show', `${proposal.commit}:f`), '4\none and two\n6\n7\neight')
    t.match(proposal.resolved, [
      { resolver: 'agent:sh', grade: 'checked', evidence: /attempt 2, kept at refs\/troupe/ },
    ])
    const { conflicts } = JSON.parse((await troupeHere(directory, '--json', 'status')).stdout)
    t.strictSame(conflicts, [], 'what is settled is no conflict any more')
    t.match((await troupeHere(directory, 'replay')).stdout, `the same again: ${proposal.commit}`)
    t.match(JSON.parse(readFileSync(inRun(directory, 'sh_resolve+two_result.json'), 'utf8')), { state: 'succeeded' })
    t.strictSame(readdirSync(inRun(directory, 'work')), [])
    t.equal((await troupeHere(directory, 'doctor', '--run')).status, 0)
  },
)

void t.test('whatever an agent does wrong, the conflict stays and the reason is told', async (t) => {
  const wrong = [
    `case $TROUPE_ATTEMPT in 1) kill -9 $$;; 2) ${writesGood}; echo x > g;; 3) sed -i 's/^<.*//' f;; *) sleep 600;; esac`,
    { retries: 3, timeout: '5s' },
  ] as const
  const { directory, path } = inConflict(t, ...wrong)
  const { exitCode, proposal } = await printed(directory, 'run', path)
  t.equal(exitCode, 1)
  t.match(only(proposal), { attempts: 4, outcome: 'failed', reason: 'it had not ended after 5 s' })
  t.match(proposal.conflicts, [{ file: 'f', ours: 'one', theirs: 'two' }])
  t.equal(git(directory, 'show', `${proposal.commit}:f`), numbers.replace('5', 'one'))
  const log = (await troupeHere(directory, 'log')).stdout
  for (const said of ['it changed g, which is not in conflict', 'it left a conflict marker in f', '(failed)'])
    t.match(log, said)
})

void t.test('a supervisor that is killed while an agent is asked is succeeded by one that asks again', async (t) => {
  const notes = emptyFolder(t)
  const [pid, gate] = [join(notes, 'pid'), join(notes, 'gate')]
  const answer = `echo x >> '${notes}/asked'; ${writesGood}; echo $$ > '${pid}'; while [ ! -e '${gate}' ]; do sleep 0.05; done`
  const { directory, path } = inConflict(t, answer)
  const run = begin(directory, 'run', '--mode', 'process', path)
  await run.until(() => isWritten(pid))
  run.child.kill('SIGKILL')
  await run.ended
  await gone(Number(readFileSync(pid, 'utf8')))
  writeFileSync(gate, '')
  const { exitCode, proposal } = await printed(directory, 'resume')
  t.equal(exitCode, 0)
  t.match(only(proposal), { attempts: 2, outcome: 'kept' }, 'what was lost does not count')
  t.equal(readFileSync(join(notes, 'asked'), 'utf8'), 'x\nx\n')
  t.match(
    git(directory, 'for-each-ref', '--format=%(refname)'),
    /resolve\+two\/1\n.*resolve\+two\/2/,
    'nothing is lost',
  )
})

void t.test('a run that is stopped while an agent is asked leaves the conflict, and can be gone on with', async (t) => {
  const notes = emptyFolder(t)
  const gate = join(notes, 'gate')
  const { directory, path } = inConflict(
    t,
    `${writesGood}; touch '${notes}/at'; while [ ! -e '${gate}' ]; do sleep 0.05; done`,
  )
  const run = begin(directory, '--json', 'run', path)
  await run.until(() => existsSync(join(notes, 'at')))
  run.child.kill('SIGINT')
  const { proposal, exitCode } = JSON.parse((await run.ended).stdout) as PrintedRun
  t.match(only(proposal), { outcome: 'stopped' })
  t.match(proposal, { interrupted: true, conflicts: [{ theirs: 'two' }] })
  t.equal(exitCode, 130)
  writeFileSync(gate, '')
  const again = await printed(directory, 'resume')
  t.match(only(again.proposal), { outcome: 'kept', attempts: 2 })
  t.equal(again.exitCode, 0)
})

void t.test(
  'Codex that asks is not let at what its task does not own, nor at what a running task writes',
  async (t) => {
    const directory = repositoryOf(t, { 'f.txt': '1\n' })
    const notes = emptyFolder(t)
    const [begun, asked, told] = ['begun', 'asked', 'told'].map((name) => join(notes, name)) as [string, string, string]
    execFileSync('sh', ['-c', 'mkfifo begun asked'], { cwd: notes })
    const program = join(root, 'test/fixtures/programs/asks-to-write.sh')
    const agents = { codex: { kind: 'codex', interface: 'app-server', argv: [program], credentials: [] } }
    const task = (id: string, owns: readonly string[], env: Readonly<Record<string, string>>) => ({
      id,
      agent: 'codex',
      prompt: 'Do it.',
      owns,
      env: { TOLD: told, ...env },
    })
    const tasks = [
      task('first', ['shared.txt'], { WRITES: 'shared.txt', GOES: begun, ENDS: asked }),
      task('second', ['*.txt'], { BEGINS: begun, WRITES: 'shared.txt src.md own.txt', GOES: asked }),
    ]
    const { exitCode, proposal } = await runHere(directory, manifest(t, { agents, tasks }))
    t.equal(exitCode, 0)
    t.equal(git(directory, 'ls-tree', '--name-only', proposal.commit ?? ''), 'f.txt\nown.txt\nshared.txt\n')
    t.same(proposal.conflicts ?? [], [])
    const held = /shared\.txt is being written by task first, which is still running/
    const foreign = /src\.md is outside what this task may write: \*\.txt/
    t.match(JSON.parse(readFileSync(inRun(directory, 'codex_second_result.json'), 'utf8')), {
      state: 'succeeded',
      details: { denied: [held, foreign], touched: ['own.txt'] },
      changeSet: { files: ['own.txt'] },
    })
    const [one = '', two = ''] = readFileSync(told, 'utf8').split('\n')
    t.match(one, held, 'its model is told why')
    t.match(two, foreign)
  },
)
