import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, createReadStream, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { openGit } from '../../src/changes/git.ts'
import { systemClock } from '../../src/clock.ts'
import { startTimeOf } from '../../src/process-identity.ts'
import { directLauncher } from '../../src/processes/direct-launcher.ts'
import { runDirectly } from '../../src/processes/direct-tool.ts'
import { findPerl } from '../../src/processes/find-perl.ts'
import { findProgram } from '../../src/processes/find-program.ts'
import { AnswerReader, type ForkserverAnswer } from '../../src/processes/forkserver-answers.ts'
import { Forkserver } from '../../src/processes/forkserver.ts'
import type { Launcher, ProgramExit, RunningProgram } from '../../src/processes/launcher.ts'
import { openLauncher } from '../../src/processes/open-launcher.ts'
import { openToolRunner } from '../../src/processes/run-tool.ts'
import type { RunTool, Tool } from '../../src/processes/tool.ts'
import { Toolserver } from '../../src/processes/toolserver.ts'
import { initRepository } from '../init-repository.ts'
import { gone, isAlive } from '../process-life.ts'

interface Ran {
  readonly exit: ProgramExit
  readonly stdout: string
  readonly stderr: string
  readonly pid: number | null
}

interface Watched {
  readonly running: RunningProgram
  readonly ended: Promise<Ran>
  /** Resolves at the first output. */
  readonly spoke: Promise<string>
}

const environment = { PATH: process.env['PATH'] ?? '', LANG: 'C' }

function start(
  launcher: Launcher,
  argv: readonly string[],
  more: Partial<{ directory: string; environment: Record<string, string>; input: boolean }> = {},
): Watched {
  const ended = Promise.withResolvers<Ran>()
  const spoke = Promise.withResolvers<string>()
  const said: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] }
  let pid: number | null = null
  const running = launcher.start(
    { argv, directory: '/tmp', environment, ...more },
    {
      started(number, startTime) {
        pid = number
        if (process.platform === 'linux' && startTime === null) spoke.reject(new Error('no start time'))
      },
      output(chunk, source) {
        said[source].push(Buffer.from(chunk))
        spoke.resolve(Buffer.from(chunk).toString())
      },
      ended(exit) {
        ended.resolve({
          exit,
          stdout: Buffer.concat(said.stdout).toString(),
          stderr: Buffer.concat(said.stderr).toString(),
          pid,
        })
      },
    },
  )
  return { running, ended: ended.promise, spoke: spoke.promise }
}

const run = (launcher: Launcher, argv: readonly string[], more?: Parameters<typeof start>[2]): Promise<Ran> =>
  start(launcher, argv, more).ended

const launchers: Readonly<Record<string, () => Launcher>> = {
  'the direct launcher': () => directLauncher(systemClock),
  'the fork server': () => new Forkserver('perl', systemClock),
}

for (const [name, make] of Object.entries(launchers)) {
  void t.test(name, async (t) => {
    const launcher = make()

    void t.test('tells exit codes from signals, also where a shell would confuse them', async (t) => {
      t.same((await run(launcher, ['sh', '-c', 'exit 3'])).exit, { how: 'exited', code: 3 })
      t.same((await run(launcher, ['sh', '-c', 'exit 145'])).exit, { how: 'exited', code: 145 })
      t.same((await run(launcher, ['sh', '-c', 'kill -9 $$'])).exit, { how: 'signalled', signal: 'SIGKILL' })
    })

    void t.test('gives a program the input it was ordered with, whole, and its end', async (t) => {
      const { running, ended } = start(launcher, ['cat'], { input: true })
      const large = Buffer.alloc(300_000, 'a\0b\n')
      running.input.write(Buffer.from('first\n'))
      running.input.write(large)
      running.input.end()
      const { exit, stdout } = await ended
      t.same(exit, { how: 'exited', code: 0 })
      t.ok(stdout === `first\n${large.toString()}`)
    })

    void t.test('drops input that nobody reads, and has none to give without an order', async (t) => {
      const { running, ended } = start(launcher, ['sh', '-c', 'exec <&-; echo closed; read never; exit 4'], {
        input: true,
      })
      running.input.write(Buffer.alloc(300_000))
      t.same((await ended).exit, { how: 'exited', code: 4 })
      running.input.write(Buffer.from('too late'))
      running.input.end()
      const none = start(launcher, ['cat'])
      none.running.input.write(Buffer.from('nothing'))
      t.equal((await none.ended).stdout, '')
    })

    void t.test('says what could not start', async (t) => {
      t.match((await run(launcher, ['nosuch'])).exit, { how: 'not-started', code: 'ENOENT' })
      t.match((await run(launcher, ['/etc/passwd'])).exit, { how: 'not-started', code: 'EACCES' })
      t.match((await run(launcher, ['true'], { directory: '/nosuch' })).exit, { how: 'not-started', code: 'ENOENT' })
      t.match((await run(launcher, ['echo', 'a\0b'])).exit, { how: 'not-started', code: 'ERR_INVALID_ARG_VALUE' })
    })

    void t.test('hands over folder, arguments and exactly the environment, and closes standard input', async (t) => {
      const odd = ['a b', '', '"\'$x', 'zwei\nZeilen', 'ü€🙂', '-n']
      t.equal((await run(launcher, ['printf', '[%s]', ...odd])).stdout, odd.map((word) => `[${word}]`).join(''))
      t.match((await run(launcher, ['env'])).stdout, /^LANG=C$/m)
      const other = { ...environment, ONLY: 'x=y', LANG: 'C.UTF-8' }
      t.match((await run(launcher, ['env'], { environment: other })).stdout, /^ONLY=x=y$/m)
      const { stdout: next } = await run(launcher, ['env'])
      t.notMatch(next, 'ONLY', 'and the next program has not what the last one had')
      t.match(next, /^LANG=C$/m)
      t.equal((await run(launcher, ['pwd'], { directory: '/usr' })).stdout, '/usr\n')
      t.match(await run(launcher, ['cat']), { exit: { how: 'exited', code: 0 }, stdout: '' })
    })

    void t.test('keeps the two outputs apart, and 20 MB of them whole', async (t) => {
      t.match(await run(launcher, ['sh', '-c', 'echo out; echo err >&2']), { stdout: 'out\n', stderr: 'err\n' })
      const { stdout } = await run(launcher, ['sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" x'])
      t.equal(stdout.length, 20_000_000)
    })

    void t.test('starts each program in a group of its own, and leaves nothing of it', async (t) => {
      const { exit, stdout, pid } = await run(launcher, ['sh', '-c', 'sleep 600 & echo $!; ps -o pgid= -p $$'])
      const [child, group] = stdout.trim().split(/\s+/).map(Number)
      t.equal(group, pid)
      t.same(exit, { how: 'exited', code: 0 })
      await gone(child ?? 0)
    })

    void t.test('signals the whole group', async (t) => {
      const { running, spoke, ended } = start(launcher, ['sh', '-c', 'sleep 600 & echo $!; wait'])
      const child = Number(await spoke)
      running.signal('SIGTERM')
      t.same((await ended).exit, { how: 'signalled', signal: 'SIGTERM' })
      await gone(child)
      running.signal('SIGKILL')
    })

    void t.test('a program that has stopped itself hears the signal all the same', async (t) => {
      const { running, spoke, ended } = start(launcher, ['sh', '-c', 'echo here; kill -STOP $$'])
      await spoke
      running.signal('SIGTERM')
      t.same((await ended).exit, { how: 'signalled', signal: 'SIGTERM' })
    })

    void t.test('leaves nothing of what took a session of its own, nor of fifty such', async (t) => {
      const daemon = 'setsid sh -c \'echo $$; trap "" TERM HUP; sleep 600; true\''
      for (const script of [
        `${daemon} & sleep 0.2`,
        `(${daemon} &); sleep 0.2`,
        `for i in $(seq 50); do ${daemon} & done; sleep 0.3`,
      ]) {
        const { exit, stdout } = await run(launcher, ['sh', '-c', script])
        t.same(exit, { how: 'exited', code: 0 })
        const pids = stdout.trim().split('\n').map(Number)
        t.ok(pids.length > 0)
        t.notOk(pids.some(isAlive), script)
      }
    })

    void t.test('lets what a program started live as long as the program does, whoever else ends', async (t) => {
      const { running, spoke, ended } = start(launcher, ['sh', '-c', '(setsid sleep 600 & echo $!); exec sleep 600'])
      const daemon = Number(await spoke)
      await run(launcher, ['true'])
      t.ok(isAlive(daemon))
      running.signal('SIGKILL')
      await ended
      t.notOk(isAlive(daemon))
    })

    void t.test('ends nothing that another launcher of this process has started', async (t) => {
      const [one, other] = [make(), make()]
      const { running, spoke, ended } = start(other, ['sh', '-c', 'echo here; exec sleep 600'])
      await spoke
      await run(one, ['true'])
      running.signal('SIGTERM')
      t.same((await ended).exit, { how: 'signalled', signal: 'SIGTERM' })
    })

    void t.test('runs many at once', async (t) => {
      const all = await Promise.all(Array.from({ length: 100 }, (_, index) => run(launcher, ['echo', String(index)])))
      t.same(
        all.map(({ stdout }) => Number(stdout)),
        all.map((_, index) => index),
      )
    })
  })
}

void t.test(
  'a daemon that has cleared its environment goes with the last program that could have started it',
  async (t) => {
    const launcher = new Forkserver('perl', systemClock)
    const script = '(env -i setsid sh -c "echo \\$\\$; exec sleep 600" &); sleep 0.2'
    const alone = await run(launcher, ['sh', '-c', script])
    t.notOk(isAlive(Number(alone.stdout)))
    const other = start(launcher, ['sleep', '600'])
    const { stdout } = await run(launcher, ['sh', '-c', script])
    other.running.signal('SIGKILL')
    await other.ended
    await gone(Number(stdout))
  },
)

void t.test('when the fork server is killed, daemons of its programs go too', async (t) => {
  const launcher = new Forkserver('perl', systemClock)
  const { spoke, ended } = start(launcher, ['sh', '-c', '(setsid sleep 600 & echo $! $PPID); sleep 600'])
  const [daemon = 0, server = 0] = (await spoke).trim().split(' ').map(Number)
  process.kill(server, 'SIGKILL')
  await ended
  t.notOk(isAlive(daemon))
})

void t.test('when the fork server dies, its programs end as killed and the next start makes a new one', async (t) => {
  const launcher = new Forkserver('perl', systemClock)
  const { spoke, ended } = start(launcher, ['sh', '-c', 'echo $PPID; sleep 600'])
  process.kill(Number(await spoke), 'SIGKILL')
  const { exit, pid } = await ended
  t.same(exit, { how: 'launcher-died' })
  await gone(pid ?? 0)
  t.same((await run(launcher, ['echo', 'again'])).stdout, 'again\n')
})

void t.test(
  'so they do when what forks for it dies, which nobody else could tell',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const launcher = new Forkserver('perl', systemClock)
    const { spoke, ended } = start(launcher, ['sh', '-c', 'echo $PPID; sleep 600'])
    const server = (await spoke).trim()
    const [forker = 0] = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').split(' ').map(Number)
    process.kill(forker, 'SIGKILL')
    t.same((await run(launcher, ['echo', 'more'])).exit, { how: 'launcher-died' })
    const { exit, pid } = await ended
    t.same(exit, { how: 'launcher-died' })
    await gone(pid ?? 0)
    t.same((await run(launcher, ['echo', 'again'])).stdout, 'again\n')
  },
)

void t.test('when whoever used the fork server is killed, so are its programs', async (t) => {
  const fixture = fileURLToPath(new URL('../fixtures/uses-the-forkserver.ts', import.meta.url))
  const user = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(user.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString())
  t.ok(isAlive(pid))
  user.kill('SIGKILL')
  await gone(pid)
})

void t.test('so are the daemons of its programs, with and without an environment', async (t) => {
  const fixture = fileURLToPath(new URL('../fixtures/uses-the-forkserver.ts', import.meta.url))
  for (const clear of ['', 'env -i ']) {
    const script = `(${clear}setsid sh -c 'echo $$; exec sleep 600' &); sleep 600`
    const user = spawn(process.execPath, [fixture, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pids: number[] = []
    for await (const chunk of user.stdout) {
      pids.push(...String(chunk).trim().split('\n').map(Number))
      if (pids.length === 2) break
    }
    t.ok(pids.every(isAlive))
    user.kill('SIGKILL')
    for (const pid of pids) await gone(pid)
  }
})

void t.test('an idle fork server does not keep the process alive, also one that only was prepared', async (t) => {
  const fixture = fileURLToPath(new URL('../fixtures/uses-the-forkserver.ts', import.meta.url))
  for (const argv of [['true'], ['--only-prepare']]) {
    const user = spawn(process.execPath, [fixture, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] })
    const [code] = (await once(user, 'exit')) as [number]
    t.equal(code, 0)
  }
})

void t.test(
  'a prepared fork server is the one that programs start from',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const children = (): readonly string[] =>
      readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
    const before = children()
    const launcher = new Forkserver('perl', systemClock)
    launcher.prepare()
    launcher.prepare()
    const begun = children().filter((pid) => !before.includes(pid))
    t.equal(begun.length, 1)
    t.equal((await run(launcher, ['sh', '-c', 'echo $PPID'])).stdout.trim(), begun[0])
  },
)

void t.test('the launcher that chooses does the same by either way', async (t) => {
  const launcher = openLauncher(systemClock)
  for (let index = 0; index < 4; index++) t.equal((await run(launcher, ['echo', 'x'])).stdout, 'x\n')
  const without = openLauncher(systemClock, { PATH: '/nosuch' })
  for (let index = 0; index < 4; index++) t.equal((await run(without, ['echo', 'x'])).stdout, 'x\n')
})

void t.test('answers are read whole however the stream is cut', async (t) => {
  const text = Buffer.from('S 1 77 900\nO 1 1 5\nab\ncdO 1 2 1\nxX 1 3 0\nF 2 chdir 2\n')
  const whole: ForkserverAnswer[] = []
  new AnswerReader((answer) => whole.push(answer)).read(text)
  t.equal(whole.length, 5)
  for (let cut = 1; cut < text.length; cut++) {
    const parts: ForkserverAnswer[] = []
    const reader = new AnswerReader((answer) => parts.push(answer))
    reader.read(text.subarray(0, cut))
    reader.read(text.subarray(cut))
    t.same(joined(parts), joined(whole), `cut at ${cut}`)
  }
})

void t.test('a start time belongs to a process, and there is none for a pid that is not there', async (t) => {
  if (process.platform !== 'linux') return
  t.equal(startTimeOf(process.pid), startTimeOf(process.pid))
  t.equal(startTimeOf(2 ** 30), null)
})

/** Output that came in pieces, put together again. */
function joined(answers: readonly ForkserverAnswer[]): readonly unknown[] {
  const out: { type: string; text: string }[] = []
  for (const answer of answers) {
    const last = out.at(-1)
    const type = answer.type === 'output' ? answer.source : answer.type
    const text = answer.type === 'output' ? Buffer.from(answer.bytes).toString() : JSON.stringify(answer)
    if (answer.type === 'output' && last?.type === type) last.text += text
    else out.push({ type, text })
  }
  return out
}

void t.test('a death of which the fork server hears nothing is found all the same', async (t) => {
  const deaf = (script: string): string => {
    const changed = script.replace(/\$SIG\{CHLD\} = sub .*;/, "$SIG{CHLD} = 'DEFAULT';")
    t.not(changed, script)
    return changed
  }
  t.match(await echoBy(t, [], deaf), endOfEcho)
})

void t.test('where nobody can fork for it, the fork server does it by itself', async (t) => {
  const unknown = '9999'
  t.match(await echoBy(t, []), endOfEcho, 'it does not know how')
  t.match(await echoBy(t, [unknown, unknown]), endOfEcho, 'the system does not know how')
})

const endOfEcho = /^O 1 1 6\nhello\nX 1 0 0$/m

/** What a fork server of its own says to a program that says `hello` by a variable, by these arguments and with its script changed. */
async function echoBy(t: Test, numbers: readonly string[], change = (script: string): string => script) {
  const scripts = join(import.meta.dirname, '../../src/processes')
  const script = readFileSync(join(scripts, 'forkserver.pl'), 'utf8')
  const folder = mkdtempSync(join(tmpdir(), 'troupe-deaf-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'forkserver.pl'), change(script))
  for (const other of ['server.pl', 'forker.pl']) copyFileSync(join(scripts, other), join(folder, other))
  const server = spawn(findPerl(process.env) ?? '', [join(folder, 'forkserver.pl'), ...numbers], {
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const command = ['sh', '-c', 'echo $WORD']
  const fields = ['1', '/tmp', '0', '3', ...command, `PATH=${environment.PATH}`, 'WORD=hello'].join('\0')
  server.stdin.write(`R ${Buffer.byteLength(fields)}\n${fields}`)
  let said = ''
  for await (const chunk of server.stdout) {
    said += String(chunk)
    if (/^[XF] 1 /m.test(said)) server.stdin.end()
  }
  return said
}

// from here on tools: programs that are run to their end

const program = fileURLToPath(new URL('../../bin/troupe.mjs', import.meta.url))

const say = async (run: RunTool, argv: readonly string[], more: Partial<Tool> = {}): Promise<string> =>
  (await run({ argv, directory: '/tmp', environment, ...more })).stdout.toString()

const ways: Readonly<Record<string, () => RunTool>> = {
  'a tool that is run directly': () => runDirectly,
  'a tool that is run by the tool server': () => {
    const server = new Toolserver('perl')
    return (tool) => server.run(tool)
  },
}

for (const [name, make] of Object.entries(ways)) {
  void t.test(name, async (t) => {
    const run = make()
    const endOf = async (argv: readonly string[], more: Partial<Tool> = {}) =>
      (await run({ argv, directory: '/tmp', environment, ...more })).exit

    void t.test('tells exit codes from signals and from what could not start', async (t) => {
      t.same(await endOf(['sh', '-c', 'exit 3']), { how: 'exited', code: 3 })
      t.same(await endOf(['sh', '-c', 'kill -9 $$']), { how: 'signalled', signal: 'SIGKILL' })
      t.match(await endOf(['nosuch']), { how: 'not-started', code: 'ENOENT' })
      t.match(await endOf(['/etc/passwd']), { how: 'not-started', code: 'EACCES' })
      t.match(await endOf(['true'], { directory: '/nosuch' }), { how: 'not-started', code: 'ENOENT' })
    })

    void t.test('gets its folder, arguments and exactly its environment', async (t) => {
      const odd = ['a b', '', '"\'$x', 'zwei\nZeilen', 'ü€🙂', '-n']
      t.equal(await say(run, ['printf', '[%s]', ...odd]), odd.map((word) => `[${word}]`).join(''))
      t.match(await say(run, ['env'], { environment: { ...environment, ONLY: 'x=y' } }), 'ONLY=x=y')
      t.notMatch(await say(run, ['env']), 'ONLY', 'and the next has not what the last one had')
      t.match(await say(run, ['env'], { environment: { PATH: environment.PATH } }), /^(?!.*LANG)/s)
      t.equal(await say(run, ['pwd'], { directory: '/usr' }), '/usr\n')
    })

    void t.test('reads what it is given, whatever that is and however much, or nothing', async (t) => {
      const bytes = Buffer.from(Array.from({ length: 5_000_000 }, (_, at) => (at * 31) % 256))
      const [echoed, short, none] = await Promise.all(
        [bytes, Buffer.from('x\n\0'), undefined].map((input) =>
          run({ argv: ['cat'], directory: '/tmp', environment, ...(input === undefined ? {} : { input }) }),
        ),
      )
      t.ok(echoed?.stdout.equals(bytes))
      t.equal(short?.stdout.toString(), 'x\n\0')
      t.match(none, { exit: { how: 'exited', code: 0 }, stdout: { length: 0 } })
      t.match(await endOf(['true'], { input: bytes }), { how: 'exited', code: 0 }, 'input that nobody reads')
    })

    void t.test('keeps the two outputs apart, and 20 MB of them whole, with many at once', async (t) => {
      const both = await run({ argv: ['sh', '-c', 'echo out; echo "ü" >&2'], directory: '/tmp', environment })
      t.match([both.stdout.toString(), both.stderr], ['out\n', 'ü\n'])
      const script = 'head -c 20000000 /dev/zero | tr "\\0" x'
      const [large, ...small] = await Promise.all([
        say(run, ['sh', '-c', script]),
        ...Array.from({ length: 60 }, (_, at) =>
          say(run, ['sh', '-c', `echo ${at}; read x`], { input: Buffer.of(10) }),
        ),
      ])
      t.equal(large.length, 20_000_000)
      t.same(
        small,
        Array.from({ length: 60 }, (_, at) => `${at}\n`),
      )
    })

    void t.end()
  })
}

const fixture = fileURLToPath(new URL('../fixtures/uses-the-toolserver.ts', import.meta.url))

void t.test('a tool goes on to its end when whoever wanted it is killed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-tool-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  execFileSync('sh', ['-c', 'mkfifo begun go done'], { cwd: folder })
  const script = `cd "${folder}"; echo begun > begun; read line < go; echo "$line" > done`
  const user = spawn(process.execPath, [fixture, 'sh', '-c', script], { stdio: ['ignore', 'ignore', 'inherit'] })
  await once(createReadStream(join(folder, 'begun')), 'data')
  user.kill('SIGKILL')
  await once(user, 'exit')
  const done = once(createReadStream(join(folder, 'done')), 'data')
  writeFileSync(join(folder, 'go'), 'all the same\n')
  t.equal(String((await done)[0]), 'all the same\n')
})

void t.test('an idle tool server does not keep the process alive', async (t) => {
  const user = spawn(process.execPath, [fixture, 'true'], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.same(await once(user, 'exit'), [0, null])
})

void t.test(
  'when the tool server dies, nobody knows how its tools end, and the next one makes a new server',
  async (t) => {
    const server = new Toolserver('perl')
    const killed = server.run({ argv: ['sh', '-c', 'kill -9 $PPID'], directory: '/tmp', environment })
    t.match(await killed, { exit: { how: 'launcher-died' } })
    t.equal(await say((tool) => server.run(tool), ['echo', 'again']), 'again\n')
  },
)

void t.test('a few tools are run directly, many by the server, and all directly where there is no Perl', async (t) => {
  const parent = ['sh', '-c', 'echo $PPID']
  const parents = async (run: RunTool): Promise<readonly boolean[]> => {
    const isOurs: boolean[] = []
    for (let count = 0; count < 12; count += 1) isOurs.push(Number(await say(run, parent)) === process.pid)
    return isOurs
  }
  t.same(
    await parents(openToolRunner().run),
    Array.from({ length: 12 }, (_, at) => at < 3),
  )
  const prepared = openToolRunner()
  prepared.prepare()
  t.same(await parents(prepared.run), Array<boolean>(12).fill(false), 'none directly where it was prepared')
  t.same(await parents(openToolRunner({ PATH: '/nosuch' }).run), Array<boolean>(12).fill(true))
  const broken = mkdtempSync(join(tmpdir(), 'troupe-tool-'))
  t.teardown(() => {
    rmSync(broken, { recursive: true })
  })
  writeFileSync(join(broken, 'perl'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  for (const isPrepared of [false, true]) {
    const runner = openToolRunner({ PATH: broken })
    if (isPrepared) runner.prepare()
    t.same(await parents(runner.run), Array<boolean>(12).fill(true), 'nor where it does not work')
  }
  const { run } = openToolRunner()
  await Promise.all(Array.from({ length: 8 }, () => say(run, ['true'])))
  t.match(await run({ argv: ['echo', 'a\0b'], directory: '/tmp', environment }), {
    exit: { how: 'not-started', code: 'ERR_INVALID_ARG_VALUE' },
  })
})

void t.test('git is run by the tool server once it has been asked a few times', async (t) => {
  const git = openGit(tmpdir())
  let server = ''
  for (let count = 0; count < 9; count += 1) {
    const parentOfGit = 'alias.whose=!ps -o ppid= -p $(ps -o ppid= -p $$)'
    server = (await git.text(['-c', parentOfGit, 'whose'])).trim()
  }
  t.match(readFileSync(`/proc/${server}/cmdline`, 'utf8'), 'toolserver.pl')
})

void t.test('a run has git from the tool server from the first', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-tool-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  initRepository(folder)
  writeFileSync(join(folder, 'a.txt'), 'a\n')
  execFileSync('git', ['add', 'a.txt'], { cwd: folder })
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'a'], { cwd: folder })
  const asked = join(folder, '.git/asked-by')
  const shim = mkdtempSync(join(folder, '.git/shim-'))
  const ask = `tr '\\0' ' ' < /proc/$PPID/cmdline >> ${asked}; echo >> ${asked}`
  writeFileSync(join(shim, 'git'), `#!/bin/sh\n${ask}\nPATH=${environment.PATH} exec git "$@"\n`, { mode: 0o755 })
  const { status, stderr } = spawnSync(process.execPath, [program, '-C', folder, 'run', 'review a.txt'], {
    env: { ...process.env, PATH: `${shim}:${environment.PATH}` },
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.match(readFileSync(asked, 'utf8'), /^\S+ \S+toolserver\.pl /)
})

void t.test('a program is found behind a folder of the PATH that cannot be looked into', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-path-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const round = join(folder, 'round')
  symlinkSync(round, round) // root may read every folder, but cannot follow this one either
  writeFileSync(join(folder, 'tool'), '')
  t.equal(findProgram('tool', { PATH: `${round}:${folder}` }), join(folder, 'tool'))
  t.equal(findProgram('nowhere', { PATH: `${round}:${folder}` }), null)
  t.end()
})
