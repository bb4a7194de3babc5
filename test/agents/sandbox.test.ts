import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import t from 'tap'
import { acpAgent } from '../../src/agents/acp/acp.ts'
import { commandAgent } from '../../src/agents/command/command.ts'
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
  perform(agent, assignment({ directory, command: ['sh', '-c', script], options: { inheritEnv, ...options } }))

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
    const shared = assignment({
      directory: own,
      looksOnly: true,
      command: ['touch', 'x'],
      options: { sandbox: 'workspace' },
    })
    t.match(await perform(agent, shared), { outcome: { how: 'failed' } }, 'a checkout of all is not written to')
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
    const what = assignment({ directory: own, verb: 'implement', prompt: script(turn), options })
    const { output } = await perform(acp, what)
    t.match(output, 'refused')
    t.match(output, 'EROFS')
    t.same([existsSync(join(own, 'by-command.txt')), existsSync(join(own, 'fine.txt'))], [true, true])
    t.same(differing(before, surroundings(own)), [])
  },
)

void t.test('a strict sandbox has no network but the hosts that are named', unlessConfinable, async (t) => {
  const server = createServer((asked, answer) => {
    answer.end(`served ${asked.url} for ${asked.headers.host}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const program = join(folder, 'asks.mjs')
  writeFileSync(
    program,
    `const ask = (url, how) => fetch(url).then(async (r) => console.log(how, r.status, await r.text()), (e) => console.log(how, 'failed'))
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
     if (proxy) { await tunnel('127.0.0.1:${port}'); await tunnel('localhost:${port}') }`,
  )
  const own = newWorkspace()
  const ask = `"${process.execPath}" "${program}"`
  const none = await attempt(ask, own, { sandbox: 'strict' })
  t.equal(none.output, 'plain failed\ndirect failed\n')
  const some = await attempt(ask, own, { sandbox: 'strict', hosts: [`127.0.0.1:${port}`] })
  t.match(some.output, `plain 200 served /a for 127.0.0.1:${port}\n`)
  t.match(some.output, 'direct failed\n')
  t.match(some.output, 'tunnel 127.0.0.1 200 served /t for inner\n')
  t.match(some.output, 'tunnel localhost 403')
  t.match(some.output, `[troupe: localhost:${port} is not among the agent's hosts]`)
  t.match(await attempt('kill -9 $$', own, { sandbox: 'strict', hosts: ['example.com'] }), {
    outcome: { how: 'failed', details: { exitCode: 137 } },
  })
  const { outcome } = await perform(
    agent,
    assignment({
      directory: own,
      command: ['sh', '-c', 'trap "echo polite; exit 0" TERM; echo begun; while :; do sleep 0.05; done'],
      options: { sandbox: 'strict', hosts: ['example.com'] },
    }),
    { stopAtFirstSign: 'enough', onOutput: (chunk) => appendFileSync(join(folder, 'said'), chunk) },
  )
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  t.match(readFileSync(join(folder, 'said'), 'utf8'), /^begun\n.*polite\n/s, 'it was asked before it was forced')
})

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
})
