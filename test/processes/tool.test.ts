import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openGit } from '../../src/changes/git.ts'
import { runDirectly } from '../../src/processes/direct-tool.ts'
import { openToolRunner } from '../../src/processes/run-tool.ts'
import type { RunTool, Tool } from '../../src/processes/tool.ts'
import { Toolserver } from '../../src/processes/toolserver.ts'
import { initRepository } from '../init-repository.ts'

const program = fileURLToPath(new URL('../../bin/troupe.mjs', import.meta.url))
const environment = { PATH: process.env['PATH'] ?? '', LANG: 'C' }

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
