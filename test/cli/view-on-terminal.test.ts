import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Terminal } from '../../src/cli/terminal.ts'
import { viewOnTerminal } from '../../src/cli/view-on-terminal.ts'
import { manifestOf, Play } from '../monitor/play.ts'

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
