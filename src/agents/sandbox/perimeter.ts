import { lstat, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { homeFolder } from '../../home-folder.ts'
import type { AgentContext, Finding, Outcome } from '../agent.ts'
import { repositoryFolders } from './repository-folders.ts'

/** What lies around a workspace as it was at a time. */
export interface Perimeter {
  /** The repository's root; null where the workspace is in none. */
  readonly root: string | null
  /** Absolute paths that have come, gone or changed since then, sorted. */
  changed(): Promise<readonly string[]>
}

/**
 * Looks at what lies around a workspace: the user's own checkout, what git keeps of it besides objects, the folders above, and
 * what matters of a home folder.
 */
export async function openPerimeter(
  workspace: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Perimeter> {
  const look = (): Promise<Look> => lookAround(workspace, homeFolder(environment))
  const before = await look()
  return {
    root: repositoryFolders(workspace)[1] ?? null,
    async changed() {
      const after = await look()
      const paths = new Set([...before.keys(), ...after.keys()])
      return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted()
    },
  }
}

const toldPaths = 200

/** The outcome with what was changed outside: as findings where it has some, and always among its details. */
export async function withReport(
  outcome: Outcome,
  perimeter: Perimeter,
  output: AgentContext['output'],
): Promise<Outcome> {
  const told = (await perimeter.changed()).slice(0, toldPaths)
  if (told.length === 0 || outcome.how === 'cancelled') return outcome
  for (const path of told) output(`[troupe: changed outside the workspace: ${path}]\n`)
  const details = { ...outcome.details, outside: told }
  if (outcome.how === 'failed') return { ...outcome, details }
  return { ...outcome, details, findings: [...outcome.findings, ...told.map((path) => findingOf(path, perimeter))] }
}

const findingOf = (path: string, { root }: Perimeter): Finding => ({
  rule: 'troupe/outside-the-workspace',
  severity: 'warning',
  file: root !== null && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path,
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 1,
  message: 'was changed outside the workspace while this task was at work',
  text: '',
})

/** What stands at each path, so that any change of it shows. */
type Look = Map<string, string>

async function lookAround(workspace: string, home: string): Promise<Look> {
  const look: Look = new Map()
  const [common, root] = repositoryFolders(workspace)
  const above = foldersAbove(workspace, root ?? dirname(workspace))
  for (const folder of above) await addFolder(look, folder, { depth: 1, only: isPlain })
  const around = root === undefined || dirname(root) === tmpdir() ? [] : [dirname(root)]
  for (const folder of [...around, home]) await addFolder(look, folder, { depth: 1 })
  for (const name of ['.ssh', '.gnupg', '.aws', '.config', '.local/bin', 'bin'])
    await addFolder(look, join(home, name), { depth: 3 })
  if (root !== undefined && root !== workspace)
    await addFolder(look, root, { depth: 64, except: (path) => path === common || path === join(root, '.agents') })
  if (common !== undefined) await addFolder(look, common, { depth: 64, except: (path) => isTroupes(common, path) })
  return look
}

/** Folders between a workspace and its repository's root. */
function foldersAbove(workspace: string, root: string): readonly string[] {
  const folder = dirname(workspace)
  return folder === root || !folder.startsWith(`${root}/`) ? [] : [folder, ...foldersAbove(folder, root)]
}

/** What git and Troupe write there for every attempt. */
const isTroupes = (common: string, path: string): boolean =>
  ['objects', 'worktrees', 'refs/troupe', 'logs/refs/troupe', 'packed-refs', 'gc.pid'].some(
    (name) => path === join(common, name),
  ) || path.endsWith('.lock')

interface Scope {
  /** How many levels of folders. */
  readonly depth: number
  readonly except?: (path: string) => boolean
  /** Which names count. */
  readonly only?: (name: string) => boolean
}

/** Files that Troupe and its logs keep beside workspaces come and go. */
const isPlain = (name: string): boolean =>
  !/\.(?:index|lock|log|ndjson|status|json|md|yaml|tmp)$|^(?:_|proposal_|lease|\.troupe)/.test(name)

async function addFolder(look: Look, folder: string, scope: Scope): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (scope.except?.(path) === true || scope.only?.(basename(path)) === false) continue
    if (entry.isDirectory()) {
      if (scope.depth <= 1) continue
      look.set(path, 'folder')
      await addFolder(look, path, { ...scope, depth: scope.depth - 1 })
    } else look.set(path, await signOf(path))
  }
}

async function signOf(path: string): Promise<string> {
  const found = await lstat(path).catch(() => null)
  return found === null ? 'gone' : [found.ino, found.mode, found.size, found.mtimeMs, found.ctimeMs].join(' ')
}
