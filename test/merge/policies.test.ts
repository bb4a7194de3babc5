import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi } from '../../src/actors/aggregator-api.ts'
import { asActorId, asAgentName, asTaskId } from '../../src/ids.ts'
import type { Check } from '../../src/merge/check.ts'
import type { DeclaredFiles, RegenerateRule } from '../../src/merge/declared-files.ts'
import { defaultMergePolicy } from '../../src/merge/merge-policy.ts'
import { proposalToMarkdown } from '../../src/merge/proposal-markdown.ts'
import type { TaskEnding } from '../../src/merge/proposal-request.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { violations } from './json-schema.ts'
import { date, type Files, run, Sealing } from './sealing.ts'

t.jobs = 2

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

const states = ({ tasks }: Proposal): string =>
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
    t.equal(states(proposal), 'one landed, two landed, three landed')
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
      t.equal(states(proposal), 'one landed, two landed', name)
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
    t.equal(states(proposal), 'one landed, two left-out', line)
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
  t.equal(states(proposal), 'one landed, two left-out')
})

void t.test('one task alone, or one that started from the other, has its lock file kept as it is', async (t) => {
  const { sealing, proposal } = await proposed({
    base: locked,
    tasks: { one: wanting('b'), two: { ...wanting('c'), lock: 'by hand\n' } },
    needs: { two: 'one' },
    declared: { regenerate: [rule('lock', 'exit 1')] },
  })
  t.equal(states(proposal), 'one landed, two landed')
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
  t.equal(states(proposal), 'one landed, two left-out, three landed')
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
      t.equal(states(proposal), `one landed, two ${landed ? 'landed' : 'left-out'}`, `${attribute} in ${place}`)
      t.match(await sealing.read(proposal.commit, 'f'), new RegExp(`^${first} word`))
      t.strictSame(proposal.resolved, [])
    }
  t.match((await proposed(scene)).proposal.resolved, [{ file: 'f' }], 'without them a resolver does')
})
