import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { containedLauncher } from '../../processes/contained-launcher.ts'
import { findIsolation } from '../../processes/isolation.ts'
import type { Launcher } from '../../processes/launcher.ts'
import { canConfine, confiningArgv, foldersOfPath } from '../../processes/sandbox.ts'
import type { AgentContext, Assignment, Outcome } from '../agent.ts'
import { inOwnHome } from '../in-own-home.ts'
import type { OwnHome } from '../own-home.ts'
import { mayReach } from './hosts.ts'
import { openPerimeter, withReport } from './perimeter.ts'
import type { Proxy } from './proxy.ts'
import { repositoryFolders } from './repository-folders.ts'

/** How an agent wants its programs to be confined. */
export interface SandboxChoice {
  readonly sandbox?: 'none' | 'workspace' | 'strict' | undefined
  readonly hosts?: readonly string[] | undefined
  readonly isolate?: boolean
}

/** What is confined, and to what. */
export interface SandboxOrder {
  readonly choice: SandboxChoice
  readonly assignment: Assignment
  readonly context: Pick<AgentContext, 'output'>
  readonly launcher: Launcher
  /** Absolute path of the attempt's own home, in which its programs may write. */
  readonly home: string
}

/** Whether programs may write nowhere but in the workspace and in a home of their own. */
const isConfined = ({ sandbox }: SandboxChoice): boolean => sandbox === 'workspace' || sandbox === 'strict'

/** Does work whose programs are all started by the launcher that it is given: confined, or reported on, as the agent chose. */
export async function inSandbox(order: SandboxOrder, work: (launcher: Launcher) => Promise<Outcome>): Promise<Outcome> {
  const { choice, launcher, assignment, context } = order
  if (isConfined(choice)) return canConfine() ? await confined(order, work) : notPossible('confined')
  const isolation = choice.isolate === true ? findIsolation() : null
  if (choice.isolate === true && isolation === null) return notPossible('isolated')
  const inside = isolation === null ? launcher : containedLauncher(launcher, { argv: isolation.argv, environment: {} })
  if (choice.sandbox !== 'none') return await work(inside)
  const perimeter = await openPerimeter(assignment.directory, process.env)
  return await withReport(await work(inside), perimeter, context.output)
}

/** The same for an agent that has no home of its own where nothing confines it: then it is given none. */
export async function inSandboxAtHome(
  order: Omit<SandboxOrder, 'home'>,
  work: (launcher: Launcher, home: OwnHome | null) => Promise<Outcome>,
): Promise<Outcome> {
  if (!isConfined(order.choice)) return await inSandbox({ ...order, home: '' }, (launcher) => work(launcher, null))
  return await inOwnHome({ files: {}, credentials: [] }, (home) =>
    inSandbox({ ...order, home: home.path }, (launcher) => work(launcher, home)),
  )
}

const notPossible = (what: string): Outcome => ({
  how: 'failed',
  failure: { kind: 'infrastructure', message: `it cannot be ${what} on this machine`, signature: `not ${what}` },
  details: {},
})

async function confined(order: SandboxOrder, work: (launcher: Launcher) => Promise<Outcome>): Promise<Outcome> {
  const { choice, context, launcher } = order
  const hosts = choice.sandbox === 'strict' ? (choice.hosts ?? []) : []
  const refused = (host: string): void => context.output(`[troupe: ${host} is not among the agent's hosts]\n`)
  // node:http is as much to load as all the rest of an agent
  const { run } = order.assignment
  const open = async (): Promise<Proxy> => (await import('./proxy.ts')).openProxy(run, mayReach(hosts), refused)
  const proxy = hosts.length === 0 ? null : await open()
  try {
    return await work(containedLauncher(launcher, containerOf(order, proxy)))
  } finally {
    await proxy?.close()
  }
}

/** Where a program finds the proxy's folder, and the port of its own loopback that leads there. */
const inside = '/run/troupe'
const port = 3128

function containerOf({ choice, assignment, home }: SandboxOrder, proxy: Proxy | null) {
  const { directory, looksOnly = false } = assignment
  const argv = confiningArgv({
    writable: looksOnly ? [home] : [directory, home],
    visible: [directory, ...repositoryFolders(directory), ...foldersOfPath(process.env['PATH'] ?? ''), ...ours],
    network: choice.sandbox !== 'strict',
    shared: proxy === null ? null : { folder: proxy.folder, at: inside },
  })
  const environment = { TMPDIR: '/tmp' }
  if (proxy === null) return { argv, environment }
  const forwarder = [process.execPath, forwarderPath, join(inside, proxy.socketName), String(port)]
  return { argv: [...argv, ...forwarder], environment: { ...environment, ...proxyVariables(choice.hosts ?? []) } }
}

const forwarderPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './forwarder.ts' : './forwarder.js', import.meta.url),
)

/** What a forwarder is run with. */
const ours = [process.execPath, forwarderPath]

const address = `http://127.0.0.1:${port}`
/** What a program serves to itself is no matter of the proxy, but for what the hosts name: that is the loopback outside. */
function proxyVariables(hosts: readonly string[]): Readonly<Record<string, string>> {
  const named = new Set(hosts.map((host) => host.toLowerCase().split(':')[0]))
  // some look for the one form of an IPv6 address, some for the other
  const direct = ['localhost', '127.0.0.1', '::1', '[::1]'].filter((name) => !named.has(name)).join()
  const ways = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].map((name) => [name, address] as const)
  const both = [...ways, ['NO_PROXY', direct] as const].flatMap(([name, value]) => [
    [name, value],
    [name.toLowerCase(), value],
  ])
  return { ...Object.fromEntries(both), NODE_USE_ENV_PROXY: '1' }
}
