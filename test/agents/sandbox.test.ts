import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { acpAgent } from '../../src/agents/acp/acp.ts'
import type { WriteAnswer } from '../../src/agents/agent.ts'
import { commandAgent } from '../../src/agents/command/command.ts'
import { confine, type Confinement } from '../../src/agents/confinement/confinement.ts'
import { commandOptions } from '../../src/agents/command/options.ts'
import { mayReach } from '../../src/agents/sandbox/hosts.ts'
import { systemClock } from '../../src/clock.ts'
import { directLauncher } from '../../src/processes/direct-launcher.ts'
import { canConfine } from '../../src/processes/sandbox.ts'
import { script } from './acp-stage.ts'
import { assignment, perform } from './perform.ts'

t.setTimeout(280_000)

// what lies below the temporary folder is out of reach for a confined program anyway; should the checkout lie there, it is let in
// like a folder of programs, and what the tests' runner loads into every Node by another way is not asked for
const checkout = resolve(import.meta.dirname, '../..')
process.env['PATH'] = `${process.env['PATH'] ?? ''}${delimiter}${checkout}`
delete process.env['NODE_OPTIONS']
mkdirSync(join(checkout, '.tap'), { recursive: true })
const folder = mkdtempSync(join(checkout, '.tap', 'sandbox-'))
const repository = join(folder, 'repository')
const home = join(folder, 'home')
const work = join(repository, '.agents', 'runs', 'a-run', 'work')
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

mkdirSync(join(home, '.ssh'), { recursive: true })
for (const name of ['.profile', '.ssh/authorized_keys', '.config']) writeFileSync(join(home, name), 'kept\n')
mkdirSync(join(repository, 'src'), { recursive: true })
for (const name of ['kept.txt', 'src/kept.txt', '.gitignore'])
  writeFileSync(join(repository, name), name === '.gitignore' ? '.agents\n' : 'kept\n')
git('init', '--quiet', '--initial-branch', 'main')
git('add', '--all')
git('commit', '--quiet', '--message', 'base')
const env = {
  HOME: home,
  XDG_STATE_HOME: join(folder, 'state'),
  MAIN: repository,
  AROUND: folder,
  USER_HOME: home,
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@localhost',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@localhost',
}
Object.assign(process.env, env)

const up = '../../../../..' // from a workspace to the root of the repository

/** Ways out of a workspace, each a script for sh. */
const tries: Readonly<Record<string, string>> = {
  'by .., beside the workspace': 'echo x > ../escaped',
  'by .., into the folder of the run': 'echo x > ../../escaped',
  'by .., into the checkout': `echo x > ${up}/kept.txt`,
  'by .. behind a folder': `mkdir a; echo x > a/../${up}/src/new.txt`,
  'by .., above the repository': `echo x > ${up}/../escaped`,
  'by .. with too many steps': `echo x > ../../../../../../../../../../../../../../../../..$MAIN/new.txt`,
  'by an absolute path, a file that is there': 'echo x >> "$MAIN/kept.txt"',
  'by an absolute path, a new file': 'echo x > "$MAIN/new.txt"',
  'by an absolute path, in a folder': 'echo x > "$MAIN/src/kept.txt"',
  'by an absolute path, above the repository': 'echo x > "$AROUND/escaped"',
  'by an absolute path, a file of the home folder': 'echo x >> "$USER_HOME/.profile"',
  'by an absolute path, a key': 'echo x >> "$USER_HOME/.ssh/authorized_keys"',
  'by a path with dots and slashes': 'echo x > "/.//$MAIN/./src//../kept.txt"',
  'by a link to a file': 'ln -s "$MAIN/kept.txt" link; echo x > link',
  'by a link to a folder': 'ln -s "$MAIN" link; echo x > link/new.txt',
  'by a relative link': `ln -s ${up} link; echo x > link/kept.txt`,
  'by a chain of links': 'ln -s "$MAIN" one; ln -s one two; ln -s two/src three; echo x > three/new.txt',
  'by a link that points nowhere yet': 'ln -s "$MAIN/new.txt" link; echo x > link',
  'by a hard link': 'ln "$MAIN/kept.txt" hard; echo x >> hard',
  'by moving a file out': 'echo x > own; mv own "$MAIN/moved.txt"',
  'by moving a file in': 'mv "$MAIN/kept.txt" own',
  'by copying a folder out': 'mkdir own; echo x > own/file; cp -R own "$MAIN/copied"',
  'by deleting': 'rm "$MAIN/kept.txt"',
  'by making it empty': ': > "$MAIN/kept.txt"',
  'by its mode': 'chmod 777 "$MAIN/kept.txt"',
  'by its date': 'touch -d 2001-01-01 "$MAIN/kept.txt"',
  'by a new link outside': 'ln -s /nowhere "$MAIN/link"',
  'by a new folder': 'mkdir "$MAIN/folder"',
  'by the configuration of git': 'git config user.name Somebody',
  'by a hook of git': 'echo "#!/bin/sh" > "$MAIN/.git/hooks/post-commit"',
  'by a branch': 'git branch escaped',
  'by a tag': 'git tag escaped',
  "by the user's index": 'git -C "$MAIN" rm -q --cached kept.txt',
  "by a commit in the user's checkout": 'git -C "$MAIN" commit -q --allow-empty -m escaped',
  'by git in the checkout': 'git -C "$MAIN" mv kept.txt gone.txt',
  'by the root of its own process': 'echo x > "/proc/self/root$MAIN/new.txt"',
  'by the root of another process': 'echo x > "/proc/$PPID/root$MAIN/new.txt"',
  'by the folder of its own process': `echo x > /proc/self/cwd/${up}/kept.txt`,
  'by an open folder': 'exec 9< "$MAIN"; echo x > /proc/self/fd/9/new.txt',
  'by an archive': `echo x > ../packed; tar -cPf a.tar ../packed; rm ../packed; tar -xPf a.tar`,
  'by a child in another session': 'setsid sh -c "echo x > \\"$MAIN/new.txt\\""; :',
  'by a namespace of its own':
    'unshare -m sh -c "mount -o remount,rw,bind / ; echo x > \\"$MAIN/new.txt\\"" || echo x > "$MAIN/new.txt"',
  'by a race of links':
    'mkdir own; (i=0; while [ $i -lt 60 ]; do ln -sfn own way; ln -sfn "$MAIN" way; i=$((i+1)); done) & i=0; while [ $i -lt 60 ]; do echo x > way/raced.txt; i=$((i+1)); done; wait; echo x > way/raced.txt',
  'by a race of folders':
    'mkdir way; (i=0; while [ $i -lt 30 ]; do mv way aside; ln -s "$MAIN" way; rm way; mv aside way; i=$((i+1)); done; rm -rf way; ln -s "$MAIN" way) & i=0; while [ $i -lt 60 ]; do echo x > way/raced.txt; i=$((i+1)); done; wait; echo x > way/raced.txt',
}

/** All that lies around a workspace, but for what git writes for every workspace. */
function surroundings(own: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if ([own, join(folder, 'state'), join(repository, '.git', 'worktrees')].includes(path)) continue
      const { mode, mtimeMs, nlink, size } = lstatSync(path)
      if (entry.isDirectory()) {
        found[path] = String(mode)
        walk(path)
      } else if (entry.isSymbolicLink()) found[path] = readlinkSync(path)
      else found[path] = [mode, mtimeMs, nlink, size, readFileSync(path, 'latin1')].join(' ')
    }
  }
  walk(folder)
  return found
}

const differing = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path])

let made = 0

/** A new workspace in a repository as it was at the beginning. */
function newWorkspace(): string {
  const own = join(work, `task.${(made += 1)}`)
  git('worktree', 'add', '--quiet', '--detach', own, 'main')
  return own
}

const pristine = join(folder, 'pristine')
execFileSync('cp', ['-a', repository, pristine])
execFileSync('cp', ['-a', home, `${pristine}-home`])

/** Puts everything back that an escape has changed. */
function putBack(): void {
  for (const path of [repository, home, join(folder, 'escaped')]) rmSync(path, { recursive: true, force: true })
  execFileSync('cp', ['-a', pristine, repository])
  execFileSync('cp', ['-a', `${pristine}-home`, home])
}

const agent = commandAgent(systemClock, directLauncher(systemClock))
const inheritEnv = ['PATH', 'HOME', 'MAIN', 'AROUND', 'USER_HOME', 'GIT_*']

const attempt = (script: string, directory: string, options: object) =>
  perform(
    agent,
    assignment('command', { directory, command: ['sh', '-c', script], options: { inheritEnv, ...options } }),
  )

const unlessConfinable = canConfine() ? {} : { skip: 'bwrap cannot confine here' }

void t.test('with sandbox: workspace nothing is written outside the workspace', unlessConfinable, async (t) => {
  t.ok(Object.keys(tries).length >= 30)
  for (const [name, script] of Object.entries(tries)) {
    const own = newWorkspace()
    const before = surroundings(own)
    const { outcome } = await attempt(`echo begun > begun; ${script}`, own, { sandbox: 'workspace' })
    t.same(differing(before, surroundings(own)), [], `${name}: ${JSON.stringify(outcome)}`)
    t.ok(existsSync(join(own, 'begun')), 'in which it was at work')
  }
})

void t.test('with sandbox: strict neither, one try after the other', unlessConfinable, async (t) => {
  const own = newWorkspace()
  const before = surroundings(own)
  const each = Object.values(tries).map((script, at) => `(${script}\n) 2>&1; rm -rf -- *; echo tried ${at + 1}`)
  const { output } = await attempt(each.join('\n'), own, { sandbox: 'strict' })
  t.match(output, `tried ${each.length}`)
  t.same(differing(before, surroundings(own)), [])
})

void t.test('with sandbox: none whatever was written outside is reported', async (t) => {
  let escapes = 0
  for (const [name, script] of Object.entries(tries)) {
    putBack()
    const own = newWorkspace()
    const before = surroundings(own)
    const { outcome } = await attempt(script, own, { sandbox: 'none' })
    const written = differing(before, surroundings(own))
    if (written.length > 0) escapes += 1
    const told = new Set('details' in outcome ? (outcome.details['outside'] as string[] | undefined) : [])
    const untold = written.filter((path) => !told.has(path) && !isGits(path))
    t.same(untold, [], name)
    t.equal(told.size > 0, written.length > 0, `${name}: reported where there is something to report`)
    if (name === 'by .., into the checkout') t.match(outcome, { findings: [{ file: 'kept.txt' }] })
    if (outcome.how === 'completed' && written.length > 0)
      t.match(outcome.findings.at(-1), { rule: 'troupe/outside-the-workspace', severity: 'warning' })
  }
  t.ok(escapes >= 30, `${escapes} of them lead out where nothing confines them`)
  putBack()
})

/** Objects of git, to which each workspace adds. */
const isGits = (path: string): boolean => path.startsWith(join(repository, '.git', 'objects'))

void t.test(
  'a confined program works as usual in its workspace and in a home of its own',
  unlessConfinable,
  async (t) => {
    const own = newWorkspace()
    const script = `echo "$HOME" > home-was; echo x > "$HOME/.cache-of-mine"; echo x > /tmp/scratch; cat /tmp/scratch "$MAIN/kept.txt"
    git status --short; printf '{"summary": "told"}' > "$TROUPE_RESULT"; ls /run /var/tmp; echo $$`
    const { outcome, output } = await attempt(script, own, { sandbox: 'workspace' })
    t.match(outcome, { how: 'completed', summary: 'told', details: { exitCode: 0 } })
    t.match(output, /^x\nkept\n\?\? home-was\n/)
    t.not(readFileSync(join(own, 'home-was'), 'utf8').trim(), home)
    t.notOk(existsSync(readFileSync(join(own, 'home-was'), 'utf8').trim()), 'which is gone afterwards')
    t.notOk(existsSync('/tmp/scratch'))
    t.match(await attempt('exit 7', own, { sandbox: 'workspace' }), {
      outcome: { failure: { message: /sh exited with 7/ } },
    })
    const shared = assignment('command', {
      directory: own,
      looksOnly: true,
      command: ['touch', 'x'],
      options: { sandbox: 'workspace' },
    })
    t.match(await perform(agent, shared), { outcome: { how: 'failed' } }, 'a checkout of all is not written to')
  },
)

void t.test(
  'an end inside is told as outside: by a signal, of its own, or without a beginning',
  unlessConfinable,
  async (t) => {
    const own = newWorkspace()
    writeFileSync(join(own, 'no-interpreter'), '#!/not/there\n', { mode: 0o755 })
    writeFileSync(join(own, 'not-executable'), '')
    const sh = (script: string): readonly string[] => ['sh', '-c', script]
    const ends: readonly (readonly [readonly string[], object])[] = [
      [sh('kill -KILL $$'), { kind: 'crash', message: 'sh was ended by SIGKILL' }],
      [sh('kill -TERM $$'), { kind: 'crash', message: 'sh was ended by SIGTERM' }],
      [sh('exit 137'), { kind: 'agent', message: 'sh exited with 137' }],
      [sh('exit 127'), { kind: 'agent', message: 'sh exited with 127' }],
      [['not-there'], { kind: 'agent', message: 'not-there: not found on PATH' }],
      [['./no-interpreter'], { kind: 'agent', message: /^\.\/no-interpreter: not found, or the interpreter/ }],
      [['./not-executable'], { kind: 'agent', message: './not-executable: may not be executed' }],
    ]
    const hosts = ['localhost:9']
    const choices = [
      {},
      { isolate: true },
      { sandbox: 'workspace' },
      { sandbox: 'strict' },
      { sandbox: 'strict', hosts },
    ]
    for (const choice of choices)
      for (const [command, failure] of ends) {
        const order = assignment('command', { directory: own, command, options: { inheritEnv, ...choice } })
        const { outcome } = await perform(agent, order)
        t.match(outcome, { how: 'failed', failure }, `${JSON.stringify(choice)}: ${command.join(' ')}`)
      }
    const order = assignment('command', {
      directory: own,
      command: sh('[ ! -f /proc/self/fd/3 ]'),
      options: { isolate: true },
    })
    t.match(await perform(agent, order), { outcome: { how: 'completed' } }, 'no program can tell of another end')
  },
)

void t.test(
  'an agent of another program is confined, and so are the commands that it has run for it',
  unlessConfinable,
  async (t) => {
    const own = newWorkspace()
    const before = surroundings(own)
    const main = join(import.meta.dirname, '../fixtures/acp/main.mjs')
    const escape = `echo x > '${repository}/kept.txt' || echo refused; echo x > by-command.txt`
    const turn = [{ run: 'sh', args: ['-c', escape] }, { edit: 'fine.txt' }, { edit: join(repository, 'new.txt') }]
    const options = { argv: [process.execPath, main], sandbox: 'workspace', permissions: 'allow' }
    const acp = acpAgent(systemClock, directLauncher(systemClock))
    const what = assignment('acp', { directory: own, verb: 'implement', prompt: script(turn), options })
    const { output } = await perform(acp, what)
    t.match(output, 'refused')
    t.match(output, 'EROFS')
    t.same([existsSync(join(own, 'by-command.txt')), existsSync(join(own, 'fine.txt'))], [true, true])
    t.same(differing(before, surroundings(own)), [])
  },
)

void t.test('a strict sandbox has no network but the hosts that are named', unlessConfinable, async (t) => {
  const server = createServer((asked, answer) => {
    if (asked.url === '/left') asked.socket.once('close', left.resolve)
    if (asked.url === '/left') return void answer.writeHead(200, { 'content-length': 100 }).write('half')
    if (asked.url === '/cut')
      return void answer.writeHead(200, { 'content-length': 100 }).write('half', () => asked.socket.destroy())
    answer.end(`served ${asked.url} for ${asked.headers.host}`)
  })
  const left = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const program = join(folder, 'asks.mjs')
  writeFileSync(
    program,
    `const ask = (url, how) => fetch(url).then(async (r) => console.log(how, r.status, await r.text())).catch(() => console.log(how, 'failed'))
     await ask('http://127.0.0.1:${port}/a', 'plain')
     const { connect } = await import('node:net')
     const direct = connect(${port}, '127.0.0.1').on('error', () => console.log('direct failed')).on('connect', () => console.log('direct reached'))
     await new Promise((resolve) => direct.on('close', resolve).on('connect', () => direct.destroy()))
     const proxy = process.env.HTTP_PROXY && new URL(process.env.HTTP_PROXY)
     const tunnel = (host) => new Promise((resolve) => {
       const s = connect(proxy.port, proxy.hostname, () => s.write('CONNECT ' + host + ' HTTP/1.1\\r\\n\\r\\n'))
       let said = ''
       s.on('data', (d) => { said += d; if (/200/.test(said) && !/served/.test(said)) s.write('GET /t HTTP/1.1\\r\\nHost: inner\\r\\nConnection: close\\r\\n\\r\\n') })
       s.on('close', () => { console.log('tunnel', host.split(':')[0], /^HTTP.1.1 (\\d+)/.exec(said)?.[1], /served.*/.exec(said)?.[0]); resolve() })
     })
     const { Agent, get } = await import('node:http')
     const forwarded = (path, heard) => new Promise((resolve) => {
       const at = { agent: new Agent(), host: proxy.hostname, port: proxy.port, path: 'http://127.0.0.1:${port}' + path }
       get(at, (r) => r.on('data', (d) => heard(d, r)).on('error', () => console.log('forwarded', path, 'broke off')).on('close', resolve))
     })
     if (proxy) await forwarded('/f', (d) => console.log('forwarded', String(d)))
     if (proxy) await forwarded('/cut', () => {})
     if (proxy) await forwarded('/left', (_, r) => r.destroy())
     if (proxy) { await tunnel('127.0.0.1:${port}'); await tunnel('localhost:${port}') }`,
  )
  const own = newWorkspace()
  const ask = `"${process.execPath}" "${program}"`
  const none = await attempt(ask, own, { sandbox: 'strict' })
  t.equal(none.output, 'plain failed\ndirect failed\n')
  const some = await attempt(ask, own, { sandbox: 'strict', hosts: [`127.0.0.1:${port}`] })
  t.match(some.output, `plain 200 served /a for 127.0.0.1:${port}\n`)
  t.match(some.output, `forwarded served /f for 127.0.0.1:${port}\n`)
  t.match(some.output, 'forwarded /cut broke off\n', 'what breaks off there breaks off here')
  t.match(some.output, 'direct failed\n')
  await left.promise
  t.pass('what nobody waits for here is left there')
  t.match(some.output, 'tunnel 127.0.0.1 200 served /t for inner\n')
  t.match(some.output, 'tunnel localhost 403')
  t.match(some.output, `[troupe: localhost:${port} is not among the agent's hosts]`)
  t.match(await attempt('kill -9 $$', own, { sandbox: 'strict', hosts: ['example.com'] }), {
    outcome: { how: 'failed', failure: { message: 'sh was ended by SIGKILL' }, details: { exitCode: null } },
  })
  const { outcome } = await perform(
    agent,
    assignment('command', {
      directory: own,
      command: ['sh', '-c', 'trap "echo polite; exit 0" TERM; echo begun; while :; do sleep 0.05; done'],
      options: { sandbox: 'strict', hosts: ['example.com'] },
    }),
    { stopAtFirstSign: 'enough', onOutput: (chunk) => appendFileSync(join(folder, 'said'), chunk) },
  )
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  t.match(readFileSync(join(folder, 'said'), 'utf8'), /^begun\n.*polite\n/s, 'it was asked before it was forced')
})

void t.test(
  'what a program serves to itself in a strict sandbox is no matter of its hosts',
  unlessConfinable,
  async (t) => {
    const program = join(folder, 'asks-itself.mjs')
    writeFileSync(
      program,
      `const server = (await import('node:http')).createServer((_, answer) => answer.end('own')).listen(0, async () => {
       for (const host of ['localhost', '127.0.0.1', '[::1]'])
         await fetch('http://' + host + ':' + server.address().port)
           .then(async (r) => console.log(host, await r.text()), () => console.log(host, 'failed'))
       server.close()
     })`,
    )
    const ask = `"${process.execPath}" "${program}"`
    const { output } = await attempt(ask, newWorkspace(), { sandbox: 'strict', hosts: ['example.com'] })
    t.equal(output, 'localhost own\n127.0.0.1 own\n[::1] own\n')
    const named = await attempt(ask, newWorkspace(), { sandbox: 'strict', hosts: ['LOCALHOST:1'] })
    t.match(
      named.output,
      /^localhost failed\n127.0.0.1 own\n/m,
      'a name of the loopback among the hosts is that outside',
    )
  },
)

/** Has temporary files lie in a new folder until the test has ended. */
function keepTemporaryFilesIn(path: string, t: Test): void {
  const before = process.env['TMPDIR']
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  mkdirSync(path)
  process.env['TMPDIR'] = path
}

void t.test(
  'hosts are led to where the path of the temporary folder is too long for a socket',
  unlessConfinable,
  async (t) => {
    const long = join(folder, 'long'.repeat(30))
    keepTemporaryFilesIn(long, t)
    const program = join(folder, 'asks-outside.mjs')
    writeFileSync(program, `await fetch('http://example.org').catch(() => console.log('refused'))`)
    const ask = `"${process.execPath}" "${program}"`
    const { output } = await attempt(ask, newWorkspace(), { sandbox: 'strict', hosts: ['example.com'] })
    t.match(output, "[troupe: example.org:80 is not among the agent's hosts]\nrefused\n")
    t.same(readdirSync(long), [], 'nothing is left there')
  },
)

void t.test(
  'nobody else finds the way to the hosts of a strict sandbox, wherever temporary files lie',
  unlessConfinable,
  async (t) => {
    const temporary = join(folder, 'temporary')
    keepTemporaryFilesIn(temporary, t)
    const own = newWorkspace()
    const command = ['sh', '-c', 'echo begun; until [ -e over ]; do sleep 0.05; done']
    const options = { inheritEnv, sandbox: 'strict', hosts: ['example.com'] }
    const begun = Promise.withResolvers<void>()
    const working = perform(agent, assignment('command', { directory: own, command, options }), {
      onOutput: () => begun.resolve(),
    })
    await begun.promise
    const search = `find "${temporary}" /tmp /var/tmp /run -type s -path '*troupe-proxy-*' 2>/dev/null; true`
    t.match(execFileSync('sh', ['-c', search], { encoding: 'utf8' }), 'troupe-proxy-', 'there is one to be found')
    const { output } = await attempt(search, newWorkspace(), { sandbox: 'strict' })
    t.equal(output, '', 'the socket of its proxy is out of sight')
    writeFileSync(join(own, 'over'), '')
    t.match(await working, { outcome: { how: 'completed' } })
  },
)

void t.test('a host is reached by its name, on the usual ports or the one that is named', async (t) => {
  const may = mayReach(['api.example.com', '*.example.org', 'localhost:8080'])
  const asked = [
    ['api.example.com', 443],
    ['API.example.com.', 80],
    ['x.example.org', 443],
    ['a.b.example.org', 443],
    ['localhost', 8080],
  ] as const
  for (const [host, port] of asked) t.ok(may(host, port), `${host}:${port}`)
  const refused = [
    ['example.com', 443],
    ['api.example.com', 22],
    ['api.example.com.evil.net', 443],
    ['example.org', 443],
    ['evilexample.org', 443],
    ['.example.org', 443],
    ['localhost', 80],
    ['', 443],
  ] as const
  for (const [host, port] of refused) t.notOk(may(host, port), `${host}:${port}`)
  const isTaken = (host: string): boolean => commandOptions.safeParse({ sandbox: 'strict', hosts: [host] }).success
  for (const host of ['a.example.com', 'a.example.com:1', '*.example.com:65535']) t.ok(isTaken(host), host)
  for (const host of ['a.example.com:0', 'a.example.com:65536', '*.example.com:99999']) t.notOk(isTaken(host), host)
})

// from here on what keeps the agents' own tools in the workspace

interface Scene {
  readonly workspace: string
  /** A folder beside the workspace with a secret; nothing may come of it or get into it. */
  readonly outside: string
}

type Try = readonly [
  name: string,
  /** Prepares the scene; returns the path that the tool is given. */
  prepare: (scene: Scene) => string,
  /** What is changed after a write was allowed and before it is done. */
  meanwhile?: (scene: Scene) => void,
]

const link = (target: string, path: string): void => {
  symlinkSync(target, path)
}
const swapForLink = (path: string, target: string): void => {
  renameSync(path, `${path}.was`)
  symlinkSync(target, path)
}

const toolTries: readonly Try[] = [
  ['..', () => '../outside/secret.txt'],
  ['.. after folders', () => 'src/deep/../../../outside/secret.txt'],
  ['.. and back in through the name of the workspace', ({ workspace }) => `../../${workspace}/../outside/secret.txt`],
  ['.. behind dots and double slashes', () => './/src/.//..//..//outside/secret.txt'],
  ['.. from a folder that is not there', () => 'nosuch/../../outside/secret.txt'],
  ['an absolute path', ({ outside }) => join(outside, 'secret.txt')],
  ['an absolute path that begins inside', ({ workspace }) => `${workspace}/../outside/secret.txt`],
  ['an absolute path with the workspace as the beginning of a name', ({ workspace }) => `${workspace}-twin/secret.txt`],
  ['an absolute path with two slashes', ({ outside }) => `/${outside}/secret.txt`],
  ['/proc/self/cwd', ({ outside }) => `/proc/self/cwd/${outside}/secret.txt`],
  ['/proc/self/root', ({ outside }) => `/proc/self/root${outside}/secret.txt`],
  [
    'a link to a file',
    ({ workspace, outside }) => {
      link(join(outside, 'secret.txt'), join(workspace, 'leak'))
      return 'leak'
    },
  ],
  [
    'a relative link to a file',
    ({ workspace }) => {
      link('../outside/secret.txt', join(workspace, 'leak'))
      return 'leak'
    },
  ],
  [
    'a link to a folder',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'out'))
      return 'out/secret.txt'
    },
  ],
  [
    'a link to the parent',
    ({ workspace }) => {
      link('..', join(workspace, 'up'))
      return 'up/outside/secret.txt'
    },
  ],
  [
    'a link deep inside that goes up one too many',
    ({ workspace }) => {
      link('../../..', join(workspace, 'src/deep/up'))
      return 'src/deep/up/outside/secret.txt'
    },
  ],
  [
    'a link to the root of the system',
    ({ workspace, outside }) => {
      link('/', join(workspace, 'root'))
      return `root${outside}/secret.txt`
    },
  ],
  [
    'a link to a link',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'one'))
      link('one', join(workspace, 'two'))
      return 'two/secret.txt'
    },
  ],
  [
    'a link to /proc/self/cwd',
    ({ workspace, outside }) => {
      link('/proc/self/cwd', join(workspace, 'cwd'))
      return `cwd/../../../../../../../../../../../../${outside}/secret.txt`
    },
  ],
  [
    'a link to /proc/self/fd',
    ({ workspace }) => {
      link('/proc/self/fd', join(workspace, 'fds'))
      return 'fds/0'
    },
  ],
  [
    'a link inside and .. behind it, which the text alone takes for harmless',
    ({ workspace }) => {
      link('src/deep', join(workspace, 'short'))
      return 'short/../../../outside/secret.txt'
    },
  ],
  [
    'a dangling link out, to write through',
    ({ workspace, outside }) => {
      link(join(outside, 'new.txt'), join(workspace, 'dangling'))
      return 'dangling'
    },
  ],
  [
    'a dangling link to a folder out, to make folders through',
    ({ workspace, outside }) => {
      link(join(outside, 'new'), join(workspace, 'dangling'))
      return 'dangling/a/b.txt'
    },
  ],
  [
    'a link to itself',
    ({ workspace }) => {
      link('loop', join(workspace, 'loop'))
      return 'loop/secret.txt'
    },
  ],
  ['a NUL', () => 'src/a.txt\0/../../outside/secret.txt'],
  ['git: its file', () => '.git'],
  ['git: its folder', () => '.git/config'],
  ['git: a hook', () => 'src/../.git/hooks/post-commit'],
  ['git: in capitals', () => '.GIT/config'],
  ['git: by its short name', () => 'GIT~1/config'],
  ['git: with a sign that nobody sees', () => '.g\u200cit/config'],
  ['git: full width', () => '．git/config'],
  ['git: with a dot at the end', () => '.git./config'],
  ['git: of a folder inside', () => 'src/.git/config'],
  [
    'git: over a link',
    ({ workspace }) => {
      link('.git', join(workspace, 'store'))
      return 'store/config'
    },
  ],
  ['troupe: the store', () => '.agents/runs/x/journal.ndjson'],
  [
    'a pipe',
    ({ workspace }) => {
      execFileSync('sh', ['-c', 'mkfifo pipe'], { cwd: workspace })
      return 'pipe'
    },
  ],
  [
    'a folder swapped for a link between the check and the write',
    () => 'src/secret.txt',
    ({ workspace, outside }) => {
      swapForLink(join(workspace, 'src'), outside)
    },
  ],
  [
    'a folder in the middle swapped for a link',
    () => 'src/deep/secret.txt',
    ({ workspace, outside }) => {
      swapForLink(join(workspace, 'src'), join(outside, 'tree'))
    },
  ],
  [
    'a folder that was not there made as a link',
    () => 'new/secret.txt',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'new'))
    },
  ],
]

void t.test('nothing outside is read or written', async (t) => {
  t.ok(toolTries.length >= 30, `${toolTries.length} tries`)
  for (const [name, prepare, meanwhile] of toolTries) {
    await t.test(name, async (t) => {
      const scene = sceneOf(t)
      const path = prepare(scene)
      const before = pictureOf(scene.outside)
      const gitBefore = pictureOf(join(scene.workspace, '.git'))
      const files = confine(scene.workspace, (): Promise<WriteAnswer> => {
        meanwhile?.(scene)
        return Promise.resolve({ allowed: true })
      })
      if (meanwhile === undefined) {
        t.match(await files.read(path, 1_000), { ok: false, reason: /\S/ }, 'not read')
        t.match(await files.list(path), { ok: false, reason: /\S/ }, 'not listed')
      }
      t.match(await files.write(path, 'broken'), { ok: false, reason: /\S/ }, 'not written')
      t.same(pictureOf(scene.outside), before, 'what is outside is as it was')
      t.same(pictureOf(join(scene.workspace, '.git')), gitBefore, 'and what is git’s')
    })
  }
})

void t.test('what is inside is reached, by whatever name', async (t) => {
  const { workspace } = sceneOf(t)
  link('src/deep', join(workspace, 'short'))
  link(join(workspace, 'src/a.txt'), join(workspace, 'absolute'))
  link('src/new.txt', join(workspace, 'dangling'))
  const asked: string[] = []
  const files = confine(workspace, ([path = '']) => {
    asked.push(path)
    return Promise.resolve({ allowed: true })
  })
  await t.resolveMatch(files.read('src/a.txt', 10), { ok: true, value: { path: 'src/a.txt', size: 2 } })
  await t.resolveMatch(files.read(join(workspace, 'src/a.txt'), 1), { value: { bytes: Buffer.from('a'), size: 2 } })
  await t.resolveMatch(files.read('short/../a.txt', 10), { ok: true, value: { path: 'src/a.txt' } })
  await t.resolveMatch(files.read('absolute', 10), { ok: true, value: { path: 'src/a.txt' } })
  await t.resolveMatch(files.list('.'), { ok: true, value: [{ name: '.git' }, { name: 'absolute', kind: 'link' }] })
  await t.resolveMatch(files.list('short'), { ok: true, value: [{ name: 'b.txt', kind: 'file' }] })
  for (const path of ['‥/x.txt', '．．/x.txt', '..hidden/x.txt', 'src/.github/x.txt', 'a\\..\\b.txt', 'ünï 🎭.txt']) {
    t.match(await files.write(path, 'x'), { ok: true, value: path }, path)
    t.equal(readFileSync(join(workspace, path), 'utf8'), 'x')
  }
  asked.length = 0
  await t.resolveMatch(files.write('dangling', 'through'), { ok: true, value: 'src/new.txt' })
  await t.resolveMatch(files.write('short/../a.txt', 'new'), { ok: true, value: 'src/a.txt' })
  t.same(asked, ['src/new.txt', 'src/a.txt'], 'asked about where they really lie')
  t.ok(lstatSync(join(workspace, 'dangling')).isSymbolicLink(), 'the link stays')
})

void t.test('a write keeps the mode of a file, and its content under other names', async (t) => {
  const { workspace, outside } = sceneOf(t)
  linkSync(join(outside, 'secret.txt'), join(workspace, 'twin.txt'))
  writeFileSync(join(workspace, 'run.sh'), 'x', { mode: 0o755 })
  const files = confine(workspace, () => Promise.resolve({ allowed: true }))
  await files.write('twin.txt', 'mine')
  await files.write('run.sh', 'y')
  t.equal(readFileSync(join(workspace, 'twin.txt'), 'utf8'), 'mine')
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret')
  t.equal(statSync(join(workspace, 'run.sh')).mode & 0o777, 0o755)
  t.same(
    readdirSync(workspace).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

void t.test('a write that is not allowed does not happen, and says why', async (t) => {
  const { workspace } = sceneOf(t)
  const files = confine(workspace, () =>
    Promise.resolve({ allowed: false, reason: 'a.txt is being written by task b' }),
  )
  t.same(await files.write('src/a.txt', 'x'), { ok: false, reason: 'a.txt is being written by task b' })
  await files.write('made/up.txt', 'x')
  t.notOk(existsSync(join(workspace, 'made')), 'no folder was made for it')
  t.equal(readFileSync(join(workspace, 'src/a.txt'), 'utf8'), 'a\n')
})

void t.test('a folder swapped for a link and back all the time lets nothing out', async (t) => {
  const scene = sceneOf(t)
  const { workspace, outside } = scene
  const before = pictureOf(outside)
  const files = confine(workspace, () => Promise.resolve({ allowed: true }))
  const swapper = new Worker(swapping, { eval: true, workerData: { workspace, outside } })
  const ended = new Promise((resolve) => swapper.once('exit', resolve))
  let isOver = false
  void ended.then(() => (isOver = true))
  const came = { written: 0, refused: 0, read: 0 }
  while (!isOver) await step(files, came)
  t.same(pictureOf(outside), before)
  t.ok(came.refused > 0, `${came.refused} were refused, ${came.written} written, ${came.read} read`)
})

const swapping = `
  const { renameSync, symlinkSync, unlinkSync, rmSync } = require('node:fs')
  const { workspace, outside } = require('node:worker_threads').workerData
  const src = workspace + '/src', kept = workspace + '/kept'
  // a write that finds nothing makes a folder, which is then in the way
  const attempt = (work) => { try { work() } catch {} }
  for (let round = 0; round < 1000; round += 1) {
    rmSync(kept, { recursive: true, force: true })
    attempt(() => renameSync(src, kept))
    attempt(() => symlinkSync(outside, src))
    attempt(() => unlinkSync(src))
    attempt(() => renameSync(kept, src))
  }`

async function step(files: Confinement, came: { written: number; refused: number; read: number }): Promise<void> {
  const written = await files.write('src/secret.txt', 'broken')
  came[written.ok ? 'written' : 'refused'] += 1
  const read = await files.read('src/secret.txt', 100)
  if (!read.ok) return
  came.read += 1
  if (read.value.bytes.toString() === 'secret') throw new Error('the secret was read')
  // the worker's messages are heard between two turns only
  await new Promise(setImmediate)
}

function sceneOf(t: Test): Scene {
  const around = realpathSync(
    t.testdir({
      workspace: { '.git': { config: '[core]' }, src: { 'a.txt': 'a\n', deep: { 'b.txt': 'b' } } },
      'workspace-twin': { 'secret.txt': 'secret' },
      outside: { 'secret.txt': 'secret', tree: { deep: { 'secret.txt': 'secret' } } },
    }),
  )
  mkdirSync(join(around, 'outside', 'empty'))
  return { workspace: join(around, 'workspace'), outside: join(around, 'outside') }
}

/** Names and contents of all that is below a folder. */
function pictureOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return [path, entry.isFile() ? readFileSync(path, 'utf8') : '']
  })
}
