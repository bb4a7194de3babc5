import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { agentsNamed, folderOf, programOf, type RealAgent, realAgents } from '../test/real/agents.ts'
import { countTests } from './count-tests.ts'

/**
 * Runs test/real/real.ts: real coding agents against models on this machine. `npm run test:real -- codex claude` for some
 * of them, `-- acp` for those that are driven by the Agent Client Protocol. With
 * `--conformance` it holds them to the table of scenes that every kind of agent is held to, in threads and in processes: minutes for each.
 *
 * Each is installed, in an exact version and without its install scripts, into a folder of its own below `.real`, once. They run in an
 * empty home there, with no other environment and, where this system makes such a thing, in a network namespace that has loopback only.
 * It closes with one plain line: "N passed, N failed[, N skipped]". Under CI=true an agent that cannot be installed is a failure.
 */
const root = resolve(import.meta.dirname, '..')
const real = join(root, '.real')
const asked = process.argv.slice(2).filter((word) => word !== '--conformance')
const file = process.argv.includes('--conformance') ? 'conformance.ts' : 'real.ts'
const unknown = asked.filter((name) => agentsNamed([name]).length === 0)
if (unknown.length > 0) {
  console.error(
    `not known: ${unknown.join(', ')}; there are ${realAgents.map(({ name }) => name).join(', ')}, and acp for the last four`,
  )
  process.exit(2)
}
const began = performance.now()
const wanted = agentsNamed(asked)
const installing = new Map<string, Promise<boolean>>()
const installed = await Promise.all(wanted.map(madeSure))
const there = wanted.filter((_, index) => installed[index])
const skipped = wanted.length - there.length
if (there.length === 0) finish({ passed: 0, failed: 0, skipped })
const { stdout, status } = run(there)
const count = countTests(stdout)
if (count.failures.length > 0 || status !== 0) console.log([...count.failures, count.extra].join('\n'))
finish({ passed: count.passed, failed: count.failed, skipped: count.skipped + skipped }, status ?? 1)

function finish(counted: { passed: number; failed: number; skipped: number }, code = 0): never {
  const { passed, failed, skipped: left } = counted
  const missing = process.env['CI'] === 'true' ? left : 0
  if (missing > 0) console.log(`${missing} agents were skipped, which CI does not allow`)
  console.log(`took ${((performance.now() - began) / 1_000).toFixed(1)} s`)
  console.log(`${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ''}`)
  process.exit(code === 0 && (failed > 0 || missing > 0) ? 1 : code)
}

/** Some share a folder: one of them installs it. */
function madeSure(agent: RealAgent): Promise<boolean> {
  const folder = folderOf(agent, real)
  const made = installing.get(folder) ?? (isInstalled(agent) ? Promise.resolve(true) : install(agent))
  installing.set(folder, made)
  return made
}

function isInstalled(agent: RealAgent): boolean {
  const [name, version] = agent.package
  const manifest = join(folderOf(agent, real), 'node_modules', name, 'package.json')
  if (!existsSync(manifest) || programOf(agent, real) === null) return false
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version === version
}

async function install(agent: RealAgent): Promise<boolean> {
  const folder = folderOf(agent, real)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--no-save']
  const child = spawn('npm', ['install', ...options, agent.package.join('@')], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  if (code === 0 && isInstalled(agent)) return true
  console.log(`${agent.package.join('@')} could not be installed`)
  return false
}

function run(agents: readonly RealAgent[]): { readonly stdout: string; readonly status: number | null } {
  const home = join(real, 'home')
  // Codex works in no home below the temporary folder, and this may be a clone there
  const temporary = join(real, 'tmp')
  for (const folder of [home, join(real, 'state'), temporary]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  const node = dirname(process.execPath)
  const env = {
    PATH: `${node}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    HOME: home,
    XDG_STATE_HOME: join(real, 'state'),
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    MOCK_KEY: 'a-key-for-tests-only',
    ANTHROPIC_API_KEY: 'a-key-for-tests-only',
    GEMINI_API_KEY: 'a-key-for-tests-only',
    TAP_TIMEOUT: '7200',
  }
  const tests = [process.execPath, join(root, 'test/real', file), ...agents.map(({ name }) => name)]
  const [program = '', ...rest] = [...namespace(), ...tests]
  const ended = spawnSync(program, rest, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { stdout: ended.stdout, status: ended.status }
}

/** Words that leave a program no network but loopback; none, and a line that says so, where there is no way. */
function namespace(): readonly string[] {
  const up = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--net', '--map-root-user'],
  ]
  const found = ways.find(([name = '', ...rest]) => spawnSync(name, [...rest, ...up, 'true']).status === 0)
  if (found !== undefined) return [...found, ...up]
  console.log('no network namespace can be made here: what keeps the agents on this machine is their settings')
  return []
}
