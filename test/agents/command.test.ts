import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { gone } from '../process-life.ts'
import { kinds } from '../../src/agents/registry.ts'
import { foldText } from '../../src/agents/command/failure.ts'
import { newTerminalText } from '../../src/processes/terminal-text.ts'
import { newTail } from '../../src/agents/command/tail.ts'
import { must } from '../../src/errors.ts'
import { assignment, type Direction, groupGone, perform, type Performance } from './perform.ts'

const kind = must(kinds, 'command')
const agent = await kind.load()
const here = import.meta.dirname
const fixture = (name: string): string => join(here, '../fixtures/programs', name)

interface Extra {
  readonly env?: Record<string, string>
  readonly options?: Record<string, unknown>
  readonly directory?: string
  readonly direction?: Direction
}

const run = (command: readonly string[], extra: Extra = {}): Promise<Performance> => {
  const { env = {}, options = {}, directory = here, direction } = extra
  return perform(agent, assignment('command', { directory, command, env, options }), direction)
}

const failureIn = ({ outcome }: Performance): { kind: string; message: string; signature: string } =>
  outcome.how === 'failed' ? outcome.failure : { kind: outcome.how, message: '', signature: '' }

const summaryIn = ({ outcome }: Performance): string => (outcome.how === 'completed' ? outcome.summary : outcome.how)

// the agent reads its parent's environment once, so it must hold the secret from the beginning
Object.assign(process.env, { SECRET_TOKEN: 'hush', CI: 'true', GIT_DIR: '/elsewhere', LC_TIME: 'C', EDITOR: 'vi' })

t.test('stdin is closed: a program that reads it ends at once', async (t) => {
  const { outcome } = await run(['cat'])
  t.match(outcome, { how: 'completed', details: { exitCode: 0, signal: null }, summary: /cat exited with 0/ })
})

t.test('arguments arrive as they are', async (t) => {
  const odd = ['two words', `"quotes" and 'more'`, 'line\nbreak', '$HOME `date` *', '', '--', 'ünïcode 🎭']
  const { output } = await run([process.execPath, fixture('prints-its-arguments.mjs'), ...odd])
  t.same(JSON.parse(output), odd)
})

t.test('a shell is used only when asked for', async (t) => {
  const script = 'echo a b | tr a-z A-Z'
  t.match(summaryIn(await run(['sh', '-c', script])), 'A B')
  t.equal(summaryIn(await run([script], { options: { shell: true } })), 'A B')
  t.equal(summaryIn(await run(script.split(' '), { options: { shell: true } })), 'A B')
  t.equal(summaryIn(await run(['echo', 'a', '|', 'b'])), 'a | b')
})

t.test('the summary is the last lines and progress the last line, without escape codes', async (t) => {
  const { outcome, progress, output } = await run([
    'sh',
    '-c',
    String.raw`printf 'one\n\033[31mtwo\033[0m\n\n'; echo three >&2`,
  ])
  t.match(outcome, { how: 'completed' })
  t.match(output, 'one')
  t.ok(progress.every((line) => !line.includes('\u001b')))
  const { outcome: long } = await run(['seq', '1', '10000'])
  t.match(long, { how: 'completed', summary: /^\d+\n(.*\n)*10000$/ })
  t.ok(long.how === 'completed' && long.summary.length <= 400)
})

t.test('failures say what happened, by kind', async (t) => {
  const exited = await run(['sh', '-c', 'echo first >&2; echo "no such thing" >&2; echo out; exit 3'])
  t.match(exited.outcome, { failure: { kind: 'agent', message: 'sh exited with 3: no such thing' } })
  t.match(exited.outcome, { details: { exitCode: 3, signal: null } })
  const silent = await run(['false'])
  t.match(silent.outcome, { failure: { kind: 'agent', message: 'false exited with 1' } })
  const killed = await run(['sh', '-c', 'kill -SEGV $$'])
  t.match(killed.outcome, { failure: { kind: 'crash' }, details: { exitCode: null, signal: 'SIGSEGV' } })
  t.match(failureIn(killed).message, 'sh was ended by SIGSEGV')
})

t.test('a program that is not there fails the task for good: trying again would not help', async (t) => {
  const directory = t.testdir({ 'plain.txt': 'text' })
  t.match(failureIn(await run(['nosuch'])), { kind: 'agent', message: 'nosuch: not found on PATH' })
  t.match(failureIn(await run(['./nosuch'])), { kind: 'agent', message: /^\.\/nosuch: not found/ })
  t.match(failureIn(await run(['./plain.txt'], { directory })), {
    kind: 'agent',
    message: './plain.txt: may not be executed',
  })
  t.match(failureIn(await run(['true'], { directory: join(directory, 'gone') })), {
    kind: 'infrastructure',
    message: 'the working directory does not exist',
  })
})

t.test('what the system refuses outright is a value too', async (t) => {
  t.match(failureIn(await run(['echo', 'x'.repeat(300_000)])), { kind: 'agent', message: /too long/ })
  t.match(failureIn(await run(['echo', 'a\0b'])), { kind: 'agent' })
  t.match(failureIn(await run([])), { kind: 'agent' })
})

t.test('exit codes the agent calls a success are one', async (t) => {
  const { outcome } = await run(['sh', '-c', 'exit 5'], { options: { successExitCodes: [0, 5] } })
  t.match(outcome, { how: 'completed', details: { exitCode: 5 } })
})

t.test('a program that ignores SIGTERM is killed after the grace', async (t) => {
  const direction = { stopAtFirstSign: 'enough', graceMs: 50 }
  const { outcome, processes } = await run([fixture('ignores-sigterm.sh')], { direction })
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  await groupGone(processes[0]?.group ?? 0)
})

t.test('a polite program is not forced', async (t) => {
  const direction = { stopAtFirstSign: 'enough', graceMs: 60_000 }
  const { outcome, output } = await run(
    ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo on; while :; do sleep 0.01; done'],
    {
      direction,
    },
  )
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  t.match(output, 'bye')
})

t.test('nothing starts when it is already too late', async (t) => {
  const { outcome, processes } = await run(['true'], { direction: { signal: AbortSignal.abort('late') } })
  t.same(outcome, { how: 'cancelled', reason: 'late' })
  t.same(processes, [])
})

t.test('a child left in the background is gone at the end', async (t) => {
  const { outcome, output, processes } = await run([fixture('leaves-a-child.sh')])
  t.match(outcome, { how: 'completed', summary: /^left \d+$/ })
  t.equal(processes.length, 1)
  t.match(output, /^left \d+$/m)
  await gone(Number(output.replace('left ', '')))
})

t.test(
  'a daemon that left the group and holds the output is gone at the end',
  { skip: !existsSync('/usr/bin/setsid') },
  async (t) => {
    const { outcome, output } = await run([fixture('leaves-a-daemon.sh')])
    t.match(outcome, { how: 'completed' })
    const pid = Number(output.replace('left ', ''))
    t.ok(pid > 0)
    await gone(pid)
  },
)

t.test('what was started is identified', { skip: process.platform !== 'linux' }, async (t) => {
  const { output, processes } = await run(['sh', '-c', 'echo $$ $(cut -d" " -f5,22 /proc/$$/stat)'])
  const { pid, group, startTime } = processes[0] ?? {}
  t.equal(output.trim(), [pid, group, startTime].join(' '))
})

t.test('200 MB of output pass in bounded memory', async (t) => {
  let bytes = 0
  let most = 0
  const before = process.memoryUsage().arrayBuffers
  const onOutput = (chunk: string | Uint8Array): void => {
    bytes += chunk.length
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  const { outcome } = await run([fixture('floods.sh')], { direction: { onOutput } })
  t.match(outcome, { how: 'completed', summary: /the last line$/ })
  t.ok(bytes > 200 * 1024 * 1024)
  t.ok(most < 100 * 1024 * 1024, `${most} bytes at most`)
})

t.test('secrets of the parent stay with the parent', async (t) => {
  const variables = async (options: Record<string, unknown>): Promise<Record<string, string>> => {
    const { output } = await run(['env'], { options, env: { ME: 'task', BOTH: 'task' } })
    return Object.fromEntries(output.split('\n').map((line) => line.split(/=(.*)/s, 2)))
  }
  const usual = await variables({ env: { AGENT: 'agent', BOTH: 'agent' } })
  t.notHas(usual, { SECRET_TOKEN: 'hush' })
  t.notOk('CI' in usual || 'GIT_DIR' in usual)
  t.equal((await run(['git', 'config', 'gc.auto'])).output.trim(), '0', 'nobody tidies while others work')
  t.match(usual, {
    LC_TIME: 'C',
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TERM: 'dumb',
    EDITOR: 'true',
    GIT_EDITOR: 'true',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PAGER: 'cat',
    PAGER: 'cat',
    ME: 'task',
    AGENT: 'agent',
    BOTH: 'task',
    TROUPE_RUN: '20260101-000000-00000000',
    TROUPE_TASK: 'a-task',
    TROUPE_ATTEMPT: '2',
    TROUPE_AGENT: 'somebody',
  })
  t.match(await variables({ inheritEnv: ['PATH', 'SECRET_*'] }), { SECRET_TOKEN: 'hush', PATH: /./ })
  const all = await variables({ inheritEnv: 'all' })
  t.match(all, { SECRET_TOKEN: 'hush' })
  t.notOk('CI' in all || 'GIT_DIR' in all)
})

t.test('TROUPE_RESULT', async (t) => {
  const folder = t.testdir({})
  const old = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (old === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = old
  })
  const report = (text: string, code = '0'): Promise<Performance> => run([fixture('reports-findings.sh'), text, code])
  const finding = { rule: 'own/rule', severity: 'error', file: 'a.py', line: 3, message: 'Do better.' }
  const whole = { ...finding, column: 1, endLine: 3, endColumn: 1, text: '' }

  t.test('holds a summary and findings', async (t) => {
    const { outcome } = await report(JSON.stringify({ summary: 'one thing', findings: [finding] }))
    t.match(outcome, { how: 'completed', summary: 'one thing' })
    t.same(outcome.how === 'completed' && outcome.findings, [whole])
  })
  t.test('is kept when the program fails', async (t) => {
    const { outcome } = await report(JSON.stringify({ findings: [finding] }), '4')
    t.match(outcome, { how: 'failed', details: { exitCode: 4, reported: { summary: null, findings: [whole] } } })
  })
  t.test('holds what a model was asked, as far as the program knows it', async (t) => {
    const usage = { model: 'm-1', inputTokens: 12, costUsd: 0.5 }
    const told = { ...usage, outputTokens: null }
    t.match((await report(JSON.stringify({ usage }))).outcome, { how: 'completed', details: { usage: told } })
    t.match((await report(JSON.stringify({ usage }), '4')).outcome, { how: 'failed', details: { usage: told } })
    const bad = (await report('{"usage": {"inputTokens": -1}}')).outcome
    t.match(bad, { how: 'completed', details: { resultProblem: /inputTokens/ } })
    t.notOk('details' in bad && 'usage' in bad.details)
  })
  t.test('that is not valid is said and does no harm', async (t) => {
    for (const bad of ['{', '[]', '{"findings":[{"rule":"x","line":0}]}']) {
      const { outcome } = await report(bad)
      t.match(outcome, { how: 'completed', findings: [], details: { resultProblem: /TROUPE_RESULT/ } })
    }
  })
  t.test('that is a pipe does not block', async (t) => {
    const { outcome } = await run(['sh', '-c', 'mkfifo "$TROUPE_RESULT"'])
    t.match(outcome, { how: 'completed', details: { resultProblem: /not a plain file/ } })
  })
  t.test('leaves nothing behind', (t) => {
    t.same(readdirSync(folder), [])
    t.end()
  })
  t.end()
})

t.test('equal failures have equal signatures, different ones do not', async (t) => {
  const fail = async (text: string, code = 1): Promise<string> =>
    failureIn(await run(['sh', '-c', `echo "${text}" >&2; exit ${code}`])).signature
  const one = await fail('line 12: cannot open /tmp/x8f/a.txt at 0xdeadbeef, commit 3f2a91c')
  t.equal(await fail('line 99: cannot open /tmp/q/b.txt at 0x12, commit 88aa01f'), one)
  t.not(await fail('line 99: cannot close /tmp/q/b.txt at 0x12, commit 88aa01f'), one)
  t.not(await fail('line 12: cannot open /tmp/x8f/a.txt at 0xdeadbeef, commit 3f2a91c', 2), one)
  t.equal(foldText('/work/a/x.py:3 failed', '/work/a'), './x.py:# failed')
})

t.test('a tail keeps the end of anything', (t) => {
  const tail = newTail()
  t.equal(tail.lastLine(10), null)
  t.equal(tail.lastLines(10), '')
  for (let line = 0; line < 5000; line++) tail.add(Buffer.from(`line ${line}\r\n`))
  t.equal(tail.lastLine(100), 'line 4999')
  t.equal(tail.lastLines(20), 'line 4998\nline 4999')
  tail.add(Buffer.from('é'.repeat(9000)))
  t.match(tail.lastLine(5), /^.é{4}$/)
  t.end()
})

t.test('mistakes: there must be something to run', (t) => {
  const task = { verb: 'run', prompt: null, files: [] }
  t.same(kind.mistakes({ ...task, command: ['true'], options: {} }), [])
  t.same(kind.mistakes({ ...task, command: null, options: { argv: ['true'] } }), [])
  t.match(kind.mistakes({ ...task, command: null, options: {} }), [/nothing to run/])
  t.notOk(kind.options.safeParse({ arvg: ['x'] }).success)
  t.end()
})

t.test('with pty a program has a terminal of the size asked for, and its log is plain text', async (t) => {
  const script = String.raw`test -t 0 && test -t 1 && test -t 2 && stty size; printf '\033[1mbold\033[0m \033]0;title\007%s\n' "$TERM"; exit 3`
  const seen = await run(['sh', '-c', script], { options: { pty: { columns: 90, rows: 20 } } })
  t.equal(seen.output, '20 90\nbold xterm-256color\n')
  t.match(seen.outcome, { how: 'failed', failure: { message: 'sh exited with 3: bold xterm-256color' } })
  const without = await run(['sh', '-c', 'test -t 1 || echo none'], {})
  t.equal(without.output, 'none\n')
})

t.test('what a program asks in its terminal is answered by the table, once each', async (t) => {
  const script = `printf 'Overwrite a? [y/N] '; read one; printf 'Choose a number: '; stty -icanon; two=$(head -c 1); echo; echo "got $one $two"`
  const answers = [
    { when: String.raw`\[y/n\] $`, say: 'yes' },
    { when: 'number: $', say: '2', enter: false },
  ]
  const { outcome } = await run(['sh', '-c', script], { options: { pty: true, answers } })
  t.match(outcome, { how: 'completed', summary: /got yes 2$/ })
})

t.test('known prompts are answered without a table, and so are questions to the terminal', async (t) => {
  const enter = await run(['sh', '-c', `printf 'Press any key to continue...'; read x; echo on`], {
    options: { pty: true },
  })
  t.match(summaryIn(enter), /on$/)
  const place = String.raw`stty -icanon -echo; printf '\033[6n'; head -c 6 | od -An -c; echo asked`
  const asked = await run(['sh', '-c', place], { options: { pty: true } })
  t.match(summaryIn(asked), /033 +\[ +1 +; +1 +R\s+asked$/)
})

t.test('with pty everything that a program started ends with it, and at a stop', async (t) => {
  const script = 'setsid sh -c "echo daemon; exec sleep 1000" & sleep 1000'
  const { outcome, processes } = await run(['sh', '-c', script], {
    options: { pty: true },
    direction: { stopAtFirstSign: 'enough', graceMs: 1_000 },
  })
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  t.equal(processes.length, 1)
  for (const { group } of processes) await groupGone(group)
  const none = await run(['no-such-program'], { options: { pty: true } })
  t.match(failureIn(none), { kind: 'agent', message: 'no-such-program: not found on PATH' })
})

t.test('what a terminal is told is the same text in whatever pieces it comes', (t) => {
  const part = fc.constantFrom(
    '\u001B[31m',
    '\u001B[0m',
    '\u001B]0;t\u0007',
    '\u001B(B',
    '\u001B[6n',
    '\r\n',
    '\r',
    'ü🎭 x',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 7 }), (parts, size) => {
      const bytes = Buffer.from(`${parts.join('')}.`)
      const [whole, pieces] = [newTerminalText(() => {}), newTerminalText(() => {})]
      const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, at * size + size),
      )
      const text = cut.map((piece) => pieces.add(piece)).join('')
      return text === whole.add(bytes) && !text.includes('\u001B') && !text.includes('\r')
    }),
  )
  t.end()
})

t.test('mistakes: answers need a terminal, and sound expressions', (t) => {
  const task = { verb: 'run', prompt: null, command: ['true'], files: [] }
  const answers = [{ when: '(', say: 'y' }]
  t.match(kind.mistakes({ ...task, options: { answers } }), [
    /answers: \( is no regular/,
    /answers are for an agent with pty/,
  ])
  t.same(kind.mistakes({ ...task, options: { pty: true, answers: [{ when: 'y', say: 'y' }] } }), [])
  t.end()
})
