import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { emptyFolder, exampleRepository, root, withoutHooks } from './troupe.ts'

void t.test('the package, installed elsewhere, runs in every mode without the sources', async (t) => {
  const home = emptyFolder(t)
  const packed = pack(home)
  const modules = join(home, 'node_modules')
  mkdirSync(join(modules, 'troupe'), { recursive: true })
  execFileSync('tar', ['xzf', packed, '-C', join(modules, 'troupe'), '--strip-components=1'])
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'troupe') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  t.same(readdirSync(join(modules, 'troupe')).toSorted(), [
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'examples',
    'package.json',
    'schema',
  ])
  const program = join(modules, 'troupe/bin/troupe.mjs')
  const directory = exampleRepository(t, 'service')
  for (const mode of ['async', 'thread', 'process']) {
    const args = [program, '--json', 'run', '--mode', mode, 'review auth.py AND docs auth.py']
    const run = JSON.parse(
      execFileSync(process.execPath, args, {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
    t.match(run, { exitCode: 0, proposal: { files: ['docs/api/auth.md'] } }, mode)
  }
  const help = execFileSync('env', [...withoutHooks, process.execPath, program, '--help'], { encoding: 'utf8' })
  t.match(help, /Usage: troupe/)
})

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
