import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Terminal } from '../../src/cli/terminal.ts'
import { viewOnTerminal } from '../../src/cli/view-on-terminal.ts'
import type { UsageSum } from '../../src/agents/usage.ts'
import { usageText } from '../../src/merge/proposal-words.ts'
import { asTaskId } from '../../src/ids.ts'
import { plainLines, plainText } from '../../src/plain-text.ts'
import { conflictLines, type Row, rowsOf } from '../../src/monitor/rows.ts'
import { openView } from '../../src/monitor/terminal.ts'
import { sizeText } from '../../src/monitor/size-text.ts'
import { cutTo, fitted, widthOf } from '../../src/monitor/text-width.ts'
import type { View } from '../../src/monitor/view.ts'
import type { LiveLine } from '../../src/supervisor/run/live.ts'
import { ManualClock } from '../manual-clock.ts'
import { conflictOf, manifestOf, noon, Play } from './play.ts'

process.env['TZ'] = 'UTC'

const hostile = '\u001B[31mred\u001B[0m\u001B]0;title\u0007\tone\r\ntwo\u001B[2J\u0007 \u202Eevil\u202C 世界'

const tokens = new RegExp(String.raw`(${'\u001B'}\[[?\d]*[A-Za-z]|\r|\n)`)

/** A terminal as a program sees it: knows the codes that a view uses and fails on any other. */
class Screen {
  readonly chunks: string[] = []
  cursorHidden = false
  #lines: string[] = ['']
  #row = 0
  #column = 0

  columns: number
  rows: number

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  readonly write = (text: string): void => {
    this.chunks.push(text)
    for (const token of text.split(tokens)) if (token !== '') this.#take(token)
  }

  /** What stands on it. */
  get text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd()
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  #take(token: string): void {
    if (token === '\r') this.#column = 0
    else if (token === '\n') this.#down()
    else if (token === '\u001B[2K') this.#lines[this.#row] = ''
    else if (token === '\u001B[J') this.#lines.splice(this.#row + 1)
    else if (token === '\u001B[?25l') this.cursorHidden = true
    else if (token === '\u001B[?25h') this.cursorHidden = false
    else if (/\[\d+A$/.test(token)) this.#up(Number(token.slice(2, -1)))
    else if (/\[(?:\?2026[hl]|\d+m)$/.test(token)) return
    else if (token.startsWith('\u001B')) throw new Error(`the screen does not know ${JSON.stringify(token)}`)
    else this.#put(token)
  }

  #up(by: number): void {
    this.#row = Math.max(0, this.#row - by)
  }

  #down(): void {
    this.#row += 1
    this.#lines[this.#row] ??= ''
  }

  #put(text: string): void {
    if (/[\p{Cc}]/u.test(text)) throw new Error(`control characters in ${JSON.stringify(text)}`)
    const line = this.#lines[this.#row] ?? ''
    this.#lines[this.#row] = line.slice(0, this.#column).padEnd(this.#column) + text
    this.#column += text.length
  }
}

const nobody = { pid: 1, group: 1, startTime: null }

interface Watched {
  readonly play: Play
  readonly screen: Screen
  readonly clock: ManualClock
  readonly view: View
  readonly said: Map<string, Partial<LiveLine>>
}

/** A view of a run on a screen of this size. */
function watched(manifest: string, size: readonly [number, number], how = { redraw: true, coloured: false }): Watched {
  const screen = new Screen(...size)
  const clock = new ManualClock(noon)
  const said = new Map<string, Partial<LiveLine>>()
  const silent: LiveLine = { lastOutput: '', progress: '', pid: null }
  const live = (task: string): LiveLine => ({ ...silent, ...said.get(task) })
  const box: { view?: View } = {}
  const play = new Play(manifest, (recorded, state) => box.view?.observe(recorded, state))
  const merging = (): string => said.get('')?.progress ?? ''
  const view = openView({ rules: play.rules, live, merging, clock, output: screen, ...how })
  box.view = view
  return { play, screen, clock, view, said }
}

/** Lets time pass for the run and for the view. */
function pass({ play, clock }: Watched, ms: number): void {
  play.now += ms
  clock.advance(ms)
}

const diamond = manifestOf(['start', 'left start', 'right start', 'join left right', 'other'])

void t.test('a row says where each task stands, in words', async (t) => {
  const play = new Play(diamond)
  play.start().begin('start', 'other').fail('other', 'no\nluck').done('start', '\nfirst line\nsecond line')
  play.begin('left', 'right')
  play.now += 1_500
  play.fail('left', 'broken')
  const live = (): LiveLine => ({ lastOutput: hostile, progress: 'unused', pid: 7 })
  const rows = rowsOf({ rules: play.rules, state: play.state, live, now: play.now })
  const seen = ({ task, words, attempt, elapsedMs, note }: Row): readonly unknown[] => [
    task,
    words,
    attempt,
    elapsedMs,
    note,
  ]
  t.same(rows.map(seen), [
    ['start', 'done', '1/3', 0, 'first line'],
    ['left', 'retrying in 1 s', '1/3', null, 'broken'],
    ['right', 'running', '1/3', 1_500, 'red one two evil 世界'],
    ['join', 'waiting', '', null, 'for 2 tasks'],
    ['other', 'retrying in 0 s', '1/3', null, 'no luck'],
  ])
})

void t.test('a task that gave up, one that it blocks and one that was called off say so', async (t) => {
  const play = new Play(manifestOf(['a', 'b a', 'c'], 0))
  play.start().begin('a').fail('a', 'no luck')
  play.happened({ type: 'stop-requested', how: 'hard', reason: 'enough' })
  const live = (): LiveLine => ({ lastOutput: '', progress: '', pid: null })
  const rows = rowsOf({ rules: play.rules, state: play.state, live, now: play.now })
  t.same(
    rows.map(({ words, note }) => `${words}: ${note}`),
    ['failed: no luck', 'blocked by a: ', 'cancelled: enough'],
  )
})

void t.test('a task of a run that has not begun waits for nothing but the tasks that it needs', async (t) => {
  const play = new Play(manifestOf(['a', 'b a']))
  const live = (): LiveLine => ({ lastOutput: '', progress: '', pid: null })
  const rows = rowsOf({ rules: play.rules, state: play.state, live, now: play.now })
  t.same(
    rows.map(({ words, note }) => `${words}: ${note}`),
    ['waiting: ', 'waiting: for 1 task'],
  )
})

void t.test('the frame in a window of 40 by 8', async (t) => {
  const all = watched(diamond, [40, 8])
  all.play.start().begin('start', 'other')
  pass(all, 100)
  t.equal(
    all.screen.text,
    [
      'running  start  1/3  0.1 s',
      'running  other  1/3  0.1 s',
      'waiting  left               for 1 task',
      'waiting  right              for 1 task',
      'waiting  join               for 2 tasks',
      '0.1 s [        ] 0 of 5 done, 2 running',
    ].join('\n'),
    'at the start',
  )
  all.said.set('other', { lastOutput: hostile })
  pass(all, 12_300)
  all.play.done('start', 'Wrote the parser and a few tests for it.')
  all.play.begin('left', 'right').conflict(conflictOf('start', 'other'))
  pass(all, 100)
  t.equal(
    all.screen.text,
    [
      'running  left   1/3  0.1 s',
      'running  right  1/3  0.1 s',
      'running  other  1/3   12 s  red one tw…',
      'waiting  join               for 2 tasks',
      'done     start  1/3   12 s  Wrote the …',
      'conflict (content): start (line 3) and…',
      '12 s [>        ] 1 of 5 done, 3 running',
    ].join('\n'),
    'in the middle, with hostile output and a conflict',
  )
  t.ok(all.screen.cursorHidden, 'the cursor is hidden meanwhile')
  all.play.now += 1_000_000
  all.play.fail('left', 'x')
  all.play.happened({ type: 'stop-requested', how: 'hard', reason: 'interrupted' })
  all.play.done('right', 'ok').done('other', 'ok')
  all.play.happened({ type: 'run-ended', exitCode: 130, reason: 'interrupted' })
  all.view.end()
  t.equal(
    all.screen.text,
    [
      'cancelled  left   1/3         interrup…',
      'cancelled  join               interrup…',
      'done       start  1/3   12 s  Wrote th…',
      'done       right  1/3  16:40  ok',
      'done       other  1/3  16:52  ok',
      'conflict (content): start (line 3) and…',
      '16:52 ended 3 of 5 done, 2 cancelled',
    ].join('\n'),
    'at the end',
  )
  t.notOk(all.screen.cursorHidden, 'the cursor is back')
  const { length } = all.screen.chunks
  all.view.end()
  pass(all, 10_000)
  t.equal(all.screen.chunks.length, length, 'nothing is written after the end')
  t.equal(all.clock.waiting, 0, 'no timer is left')
})

void t.test('the frame in a window of 100 by 30', async (t) => {
  const all = watched(diamond, [100, 30])
  all.said.set('left', { lastOutput: hostile })
  all.play.start().begin('start', 'other')
  pass(all, 61_000)
  all.play.done('start', 'Wrote the parser and a few tests for it.').begin('left', 'right').fail('other', 'no\nluck')
  all.play.conflict(conflictOf('start', 'other'))
  pass(all, 100)
  t.equal(
    all.screen.text,
    [
      'running          left   1/3  0.1 s  red one two evil 世界',
      'running          right  1/3  0.1 s',
      'retrying in 1 s  other  1/3         no luck',
      'waiting          join               for 2 tasks',
      'done             start  1/3   1:01  Wrote the parser and a few tests for it.',
      'conflict (content): start (line 3) and other (line 3) changed the same part of src/a.ts.',
      '1:01 [=====>                        ] 1 of 5 done, 2 running, 1 retrying',
    ].join('\n'),
  )
})

void t.test('a frame keeps to its window, failures and what runs first, however many tasks there are', async (t) => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `task-${index}`)
  const all = watched(`${manifestOf(ids, 0)}concurrency: 1024\nmailbox: 10000\n`, [60, 12])
  all.play.start().begin('task-7000', 'task-8000').fail('task-8000', 'no').done('task-0', 'never began')
  const many = ids.slice(9_000, 9_020)
  all.play.begin(...many)
  for (const id of many) all.play.fail(id, 'no')
  pass(all, 100)
  const shown = all.screen.text.split('\n')
  t.equal(shown.length, 11)
  t.match(shown[0], /^failed +task-8000 /)
  t.match(shown.filter((line) => line.startsWith('failed')).length, 9, 'the rest of the room')
  t.match(shown[9], /^running +task-7000 /, 'what runs is seen beside any number of failures')
  t.match(shown[10], /1 of 10000 done, 21 failed, 1 running$/)
  t.ok(all.screen.chunks.every(({ length }) => length < 2_000))
})

void t.test('a view draws ten times a second at most, and nothing when nothing is new', async (t) => {
  const all = watched(manifestOf(['a']), [80, 10])
  all.play.start().begin('a')
  const first = all.screen.chunks.length
  for (let step = 0; step < 1_000; step++) {
    all.said.set('a', { lastOutput: `line ${step}` })
    all.play.happened({ type: 'process-started', task: asTaskId('a'), attempt: 1, process: nobody })
    pass(all, 1)
  }
  t.equal(all.screen.chunks.length - first, 10)
  t.match(all.screen.text, 'line 99')
  all.play.done('a', 'ok').happened({ type: 'run-ended', exitCode: 0, reason: 'fine' })
  pass(all, 200)
  const { length } = all.screen.chunks
  pass(all, 60_000)
  t.equal(all.screen.chunks.length, length)
})

void t.test('sizes and costs are rounded to what is true of them', (t) => {
  const sizes = [0, 999, 1_000, 9_949, 9_950, 99_499, 999_499, 999_500, 999_950, 1_000_000, 12_345_678_901]
  t.same(sizes.map(sizeText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '99 kB',
    '999 kB',
    '1.0 MB',
    '1.0 MB',
    '1.0 MB',
    '12 GB',
  ])
  const cost = (costUsd: number): string =>
    usageText({ inputTokens: null, outputTokens: null, costUsd, unknown: 0 } as UsageSum)
  t.same([0, 0.001, 0.005, 1.234].map(cost), ['0.00 USD', 'less than 0.01 USD', '0.01 USD', '1.23 USD'])
  t.end()
})

void t.test('a window that changes its size is drawn anew from its first line', async (t) => {
  const all = watched(manifestOf(['a', 'b']), [80, 10])
  all.said.set('a', { lastOutput: 'x'.repeat(100) })
  all.play.start().begin('a', 'b')
  pass(all, 100)
  all.screen.columns = 30
  pass(all, 100)
  t.match(all.screen.chunks.at(-1), /\[6A/, 'two lines have wrapped into three rows each: 3 + 1 + 3 - 1 rows up')
  t.ok(all.screen.text.split('\n').every((line) => widthOf(line) < 30))
  all.screen.columns = 0
  all.screen.rows = 1
  pass(all, 1_000)
  t.match(all.screen.text, /^\d\.\d s .*0 of 2 done/, 'a window of one line holds the bar')
})

void t.test('what is told between stands above the picture', async (t) => {
  const all = watched(manifestOf(['a']), [60, 10])
  all.play.start().begin('a')
  all.view.tell('fi\u001B[2Jrst\nsecond')
  all.view.tell('third')
  all.view.end()
  t.match(all.screen.text, /^first\nsecond\nthird\nrunning  a .*\n0\.0 s .*0 of 1 done, 1 running$/)
})

void t.test('how far merging and checking is stands in the bar', async (t) => {
  const all = watched(manifestOf(['a']), [90, 10])
  all.play.start().begin('a').done('a', 'done')
  pass(all, 100)
  t.match(all.screen.text, /merging and checking/)
  all.said.set('', { progress: 'check "test" fails; looking for the cause: run 3 of at most 41' })
  pass(all, 100)
  t.match(all.screen.text, /0\.2 s check "test" fails; looking for the cause: run 3 of at most 41 .*1 of 1 done/)
})

void t.test('colours are used where they are wanted, and only there', async (t) => {
  for (const coloured of [true, false]) {
    const all = watched(manifestOf(['a'], 0), [60, 10], { redraw: true, coloured })
    all.play.start().begin('a').fail('a', 'no')
    pass(all, 100)
    t.equal(all.screen.chunks.join('').includes('\u001B[31mfailed\u001B[39m'), coloured)
    t.equal(/\[\d+m/.test(all.screen.chunks.join('')), coloured, 'no colour code at all')
  }
})

void t.test('without a terminal there is a plain line for each change', async (t) => {
  const all = watched(manifestOf(['tests', 'docs tests', 'late']), [0, 0], { redraw: false, coloured: true })
  const { play } = all
  play.start().begin('tests')
  play.now += 4_000
  play.fail('tests', hostile).happened({ type: 'backoff-elapsed', task: asTaskId('tests'), attempt: 1 })
  play.begin('tests').conflict(conflictOf('tests', 'late'))
  play.now += 61_000
  play.done('tests', 'All is well.').begin('docs').fail('docs', 'no').begin('late')
  play.happened({ type: 'stop-requested', how: 'graceful', reason: 'interrupted' })
  all.view.tell('note')
  play.done('late', 'in time').happened({ type: 'run-ended', exitCode: 130, reason: 'interrupted' })
  all.view.end()
  t.equal(
    all.screen.chunks.join(''),
    `12:00:00 tests running (attempt 1)
12:00:04 tests retrying in 1 s (attempt 1): red one two evil 世界
12:00:04 tests running (attempt 2)
12:00:04 conflict (content): tests (line 3) and late (line 3) changed the same part of src/a.ts.
12:01:05 tests done in 1:01: All is well.
12:01:05 docs running (attempt 1)
12:01:05 docs retrying in 1 s (attempt 1): no
12:01:05 late running (attempt 1)
12:01:05 stopping: interrupted
12:01:05 docs cancelled (attempt 1): interrupted
note
12:01:05 late done in 0.0 s: in time
12:01:05 every task has ended: merging and checking
12:01:05 run ended: interrupted
`,
  )
})

void t.test('a blocked task has its line although no event names it', async (t) => {
  const all = watched(manifestOf(['a', 'b a', 'c b'], 0), [0, 0], { redraw: false, coloured: false })
  all.play.start().begin('a').fail('a', 'no')
  const lines = all.screen.chunks.join('').split('\n')
  t.same(lines.slice(1, 4), ['12:00:00 a failed (attempt 1): no', '12:00:00 b blocked by a', '12:00:00 c blocked by b'])
})

void t.test('no text of an agent leaves a control character or an escape code', async (t) => {
  const nasty = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001B', '\u009B', '[', ']', '0;', '\u0007', '\\', '\n', 'm'),
    ),
  )
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('')
      if (/[\p{Cc}\u202E]/u.test(plainText(text))) return false
      return !/(?![\n\t])[\p{Cc}\u202E]/u.test(plainLines(text))
    }),
  )
  t.equal(plainText('\u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\ \u001B[1;31mred\u001B[m \u009B2Jx'), 'link red x')
  t.equal(plainLines('a\tb\r\nc\u001B]0;never ended\nd\n'), 'a\tb\nc\nd\n')
})

void t.test('a text is cut and filled to its columns, wide characters counted twice', async (t) => {
  t.equal(widthOf('世界'), 4)
  t.equal(widthOf('👩‍👩‍👧'), 2, 'a family is one picture')
  t.equal(widthOf('e\u0301'), 1)
  t.equal(cutTo('世界', 4), '世界')
  t.equal(cutTo('世界', 3), '世…')
  t.equal(cutTo('世界', 2), '…')
  t.equal(fitted('ab', 4, 'right'), '  ab')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, columns) => {
      return widthOf(cutTo(text, columns)) <= columns && widthOf(fitted(text, columns)) === columns
    }),
  )
})

void t.test('a conflict is one line', async (t) => {
  const conflict = { ...conflictOf('a', 'b'), message: hostile }
  t.same(conflictLines([conflict]), ['conflict (content): red one two evil 世界'])
})

const live = () => ({ lastOutput: '', progress: '', pid: null })

void t.test('a process that leaves in the middle of a picture leaves a cursor behind', async (t) => {
  const program = join(import.meta.dirname, '../fixtures/leaves-amid-a-view.ts')
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', env: { NO_COLOR: '1' } })
  t.equal(status, 3, stderr)
  t.ok(stderr.startsWith('\u001B[?25l'), 'it was hidden')
  t.match(stderr, /running +a /)
  t.ok(stderr.endsWith('\u001B[?25h'), 'and is shown again, at the end')
})

void t.test('a view that has ended listens to the process no more', async (t) => {
  const before = process.listenerCount('exit')
  const written: string[] = []
  const screen = { write: (text: string) => void written.push(text), columns: 80, rows: 24 }
  const terminal: Terminal = {
    directory: '.',
    environment: { NO_COLOR: '1' },
    live: true,
    screen,
    answersSeen: false,
    readerGone: new AbortController().signal,
    print: () => {},
    tell: () => {},
  }
  const play = new Play(manifestOf(['a'], 0), (recorded, state) => view.observe(recorded, state))
  const view = viewOnTerminal(terminal, { rules: play.rules, live })
  play.start().begin('a').fail('a', 'no')
  view.end()
  view.end()
  t.equal(process.listenerCount('exit'), before)
  t.match(written.join(''), /failed +a /)
  t.notMatch(written.join(''), /\[[\d;]*m/, 'NO_COLOR is heeded')
})
