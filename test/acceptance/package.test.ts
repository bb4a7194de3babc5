import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import t from 'tap'
import { canConfine } from '../../src/processes/sandbox.ts'
import { emptyFolder, exampleRepository, root, withoutHooks } from './troupe.ts'

const home = emptyFolder(t)
const modules = install(home)

void t.test('the package, installed elsewhere, runs in every mode without the sources', async (t) => {
  t.same(readdirSync(join(modules, 'troupe')).toSorted(), [
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'examples',
    'package.json',
    'prompts',
    'schema',
  ])
  const directory = exampleRepository(t, 'service')
  for (const mode of ['async', 'thread', 'process']) {
    const run = JSON.parse(runIn(directory, '--json', 'run', '--mode', mode, 'review auth.py AND docs auth.py'))
    t.match(run, { exitCode: 0, proposal: { files: ['docs/api/auth.md'] } }, mode)
  }
  t.match(runIn(directory, '--help'), /Usage: troupe/)
})

void t.test(
  'the package confines a program, with what it needs for that beside it',
  { skip: !canConfine() },
  async (t) => {
    const directory = exampleRepository(t, 'service')
    const manifest = join(emptyFolder(t), 'troupe.yaml')
    writeFileSync(
      manifest,
      `version: 1
agents: { confined: { kind: command, sandbox: strict, hosts: [localhost] } }
tasks: [{ id: made, agent: confined, command: [touch, made.txt] }]
`,
    )
    const said = runIn(directory, '--json', 'run', manifest)
    t.match(JSON.parse(said), { exitCode: 0, proposal: { files: ['made.txt'] } })
  },
)

void t.test('a checkout runs what was built, and its sources once one of them is newer', async (t) => {
  const checkout = emptyFolder(t)
  cpSync(join(root, 'bin'), join(checkout, 'bin'), { recursive: true })
  const files = {
    'src/cli/main.ts': `export const main = async () => console.log('sources')\n`,
    'src/deep/one.ts': '',
    'dist/cli/main.js': `export const main = async () => console.log('built')\n`,
    'dist/sources.txt': 'src/cli/main.ts\nsrc/deep/one.ts',
    'src/cli/fold-main.ts': `export const main = async () => console.log('sources of fold')\n`,
    'dist/cli/fold-main.js': `export const main = async () => console.log('fold')\n`,
    'dist/fold-sources.txt': 'src/cli/fold-main.ts',
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, name)), { recursive: true })
    writeFileSync(join(checkout, name), text)
  }
  const dated = (seconds: number, ...names: readonly string[]): void => {
    for (const name of names) utimesSync(join(checkout, name), seconds, seconds)
  }
  const program = ['env', ...withoutHooks, process.execPath, join(checkout, 'bin/troupe.mjs')] as const
  const says = (...command: readonly string[]): string =>
    execFileSync(program[0], [...program.slice(1), ...command], { encoding: 'utf8' }).trim()
  dated(1000, 'src/cli/main.ts', 'src/deep/one.ts', 'src/cli/fold-main.ts')
  dated(2000, 'dist/sources.txt', 'dist/fold-sources.txt')
  t.equal(says(), 'built')
  dated(3000, 'src/deep/one.ts')
  t.equal(says(), 'sources', 'one was changed')
  dated(1000, 'src/deep/one.ts')
  t.equal(says(), 'built')
  rmSync(join(checkout, 'src/deep/one.ts'))
  t.equal(says(), 'sources', 'one was taken away')
  t.equal(says('fold', 'a'), 'fold', 'which is not of this command, that is loaded alone')
  dated(3000, 'src/cli/fold-main.ts')
  t.equal(says('fold', 'a'), 'sources of fold')
})

void t.test(
  'the package folds, with the syntax of a source, whether the command is loaded alone or with all others',
  (t) => {
    const directory = exampleRepository(t, 'service')
    const git = (input: string, ...given: readonly string[]): string =>
      execFileSync('git', ['-C', directory, ...given], { encoding: 'utf8', input }).trim()
    const commit = (text: string, ...parent: readonly string[]): string => {
      const tree = git(`100644 blob ${git(text, 'hash-object', '-w', '--stdin')}\ta.py\n`, 'mktree')
      return git('', '-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit-tree', '-m', 'one', ...parent, tree)
    }
    const base = commit('f(\n    a=1,\n)\n')
    const sides = ['    a=2,\n    b=1,\n', '    a=1,\n    c=1,\n'].map((text) => commit(`f(\n${text})\n`, '-p', base))
    const alone = runIn(directory, 'fold', '.', base, ...sides)
    t.match(JSON.parse(alone), {
      landed: [0, 1],
      conflicts: [],
      resolved: [{ path: 'a.py', resolver: 'syntax-lists' }],
    })
    t.equal(runIn(directory, '-C', '.', 'fold', '.', base, ...sides), alone)
    const noCollator = 'data:text/javascript,Intl.Collator = function () { throw new Error("ten milliseconds") }'
    const program = [process.execPath, '--import', noCollator, join(modules, 'troupe/bin/troupe.mjs')] as const
    t.equal(
      execFileSync('env', [...withoutHooks, ...program, 'fold', directory, base, ...sides], { encoding: 'utf8' }),
      alone,
      'what sorts as people do is made only where something is to be sorted so',
    )
    t.end()
  },
)

void t.test('the program has the version of its package', (t) => {
  const { version } = JSON.parse(readFileSync(join(modules, 'troupe/package.json'), 'utf8'))
  t.equal(runIn(home, '--version'), `${version}\n`)
  t.equal(runIn(home, 'fold', '--version'), `${version}\n`, 'by each of its ways in')
  t.end()
})

void t.test('a program of a user compiles and runs with the library, as its documentation has it', (t) => {
  const page = readFileSync(join(root, 'docs/supervisor.md'), 'utf8')
  const files = [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, name = '', text = '']) => {
    writeFileSync(join(home, name), text)
    return name
  })
  t.equal(files.length, page.split('```ts').length - 1, 'every block has a name')
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: false,
  }
  writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  run('tsc', '-p', home)
  t.same(
    run('node', join(home, 'main.ts')).split('\n').toSorted(),
    [
      '5',
      '6',
      'worker went down: shutdown',
      'dead letter: no-such-actor worker',
      'dead letter: no-such-actor nobody',
      'TroupeError: no actor nobody runs',
      '2',
      'asked to stop',
      "{ how: 'shutdown', reason: 'done' }",
      '',
    ].toSorted(),
    'what the watcher says comes when it comes',
  )
  t.end()
})

void t.test('the example keeps a service alive that dies in every host', (t) => {
  const said = run('npm', 'run', '-s', 'example:keep-alive')
  const summary = '18 of 18 pieces of work answered, asked 24 times; 6 deaths, 6 restarts'
  t.match(said, `${summary} (allowed: 12 a minute); 1 dead letter (no such service: no-such-actor)`)
  for (const mode of ['thread', 'process']) t.match(said, `${mode} service: ended, crashed`)
  t.match(said, 'async service: ended, normal')
  t.end()
})

/** Runs the installed program in a folder; returns what it printed. */
function runIn(directory: string, ...args: readonly string[]): string {
  const program = [process.execPath, join(modules, 'troupe/bin/troupe.mjs')]
  return execFileSync('env', [...withoutHooks, ...program, ...args], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** Puts the package into a folder as npm would; returns its node_modules. */
function install(home: string): string {
  const modules = join(home, 'node_modules')
  mkdirSync(join(modules, 'troupe'), { recursive: true })
  execFileSync('tar', ['xzf', pack(home), '-C', join(modules, 'troupe'), '--strip-components=1'])
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'troupe') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  return modules
}

/** Builds and packs as `npm publish` would. */
function pack(into: string): string {
  run('node', 'scripts/build.ts')
  run('publint', '--strict', '.')
  const said = run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', into)
  const [{ filename }] = JSON.parse(said) as [{ readonly filename: string }]
  return join(into, filename)
}

function run(...command: readonly string[]): string {
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`
  return execFileSync('env', [...withoutHooks, ...command], {
    cwd: root,
    env: { ...process.env, PATH },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

void t.test('the bench of crash notices measures every death', (t) => {
  const bench = join(root, 'src/bench/crash-notice.ts')
  const { stdout: answer } = spawnSync('env', [...withoutHooks, process.execPath, bench, '--samples', '2', '--json'], {
    encoding: 'utf8',
  })
  const { schema, rows } = JSON.parse(answer) as { readonly schema: string; readonly rows: readonly object[] }
  t.equal(schema, 'troupe.bench.crash-notice/1')
  t.equal(rows.length, 5)
  t.match(rows[0], { mode: 'thread', cause: 'exit', samples: 2, medianMs: Number, p95Ms: Number })
  t.end()
})
