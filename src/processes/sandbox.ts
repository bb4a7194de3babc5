import { spawnSync } from 'node:child_process'
import { constants, existsSync, realpathSync } from 'node:fs'
import { delimiter, isAbsolute, sep } from 'node:path'
import { isAccessible } from './is-accessible.ts'
import { politeFirst, words } from './isolation.ts'

/** What a program may do to the machine. */
export interface Confines {
  /** Absolute paths of folders in which it may write. */
  readonly writable: readonly string[]
  /** Absolute paths that it must see as they are, wherever they lie. */
  readonly visible: readonly string[]
  /** Whether it has the machine's network; without it there is none but a loopback of its own. */
  readonly network: boolean
  /** A folder of ours, and where the program finds it. */
  readonly shared: { readonly folder: string; readonly at: string } | null
}

/** Empty inside, and gone afterwards: here lie sockets of services that would do what the program may not. */
const privateFolders = ['/tmp', '/var/tmp', '/run']

/** A folder in which no program that is confined sees what others keep there, wherever temporary files lie. */
export const privateFolder = (): string =>
  privateFolders.find((folder) => isAccessible(folder, constants.W_OK)) ?? '/tmp'

/**
 * The words in front of a program that confine it (bubblewrap, bwrap(1)): namespaces of its own for processes, mounts, and all but the
 * network, no capability, everything read-only but for what is writable, and new folders for what is temporary.
 */
export function confiningArgv({ writable, visible, network, shared }: Confines): readonly string[] {
  const seen = [...visible, ...resolverFile()].filter((path) => isPrivate(path) && existsSync(path))
  return [
    ...politeFirst.outside,
    ...words('bwrap --die-with-parent --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL'),
    ...(network ? [] : ['--unshare-net']),
    ...words('--ro-bind / / --dev /dev --proc /proc'),
    ...privateFolders.filter((path) => existsSync(path)).flatMap((path) => ['--tmpfs', path]),
    ...[...new Set(seen)].toSorted().flatMap((path) => ['--ro-bind', path, path]),
    ...writable.flatMap((path) => ['--bind', path, path]),
    ...(shared === null ? [] : ['--ro-bind', shared.folder, shared.at]),
    '--',
    ...politeFirst.inside,
  ]
}

/** Folders of the PATH: some systems have programs in places that are private inside. */
export const foldersOfPath = (path: string): readonly string[] => path.split(delimiter).filter((one) => isAbsolute(one))

let works: boolean | undefined

/** Whether programs can be confined on this machine, tried once. */
export function canConfine(): boolean {
  works ??= tried()
  return works
}

function tried(): boolean {
  if (process.platform !== 'linux') return false
  const [program = '', ...before] = confiningArgv({ writable: [], visible: [], network: false, shared: null })
  return spawnSync(program, [...before, 'true'], { stdio: 'ignore', timeout: 10_000 }).status === 0
}

/** Below a private folder, not the folder itself. */
const isPrivate = (path: string): boolean => privateFolders.some((folder) => path.startsWith(folder + sep))

/** Names are resolved by a file that often lies in /run. */
function resolverFile(): readonly string[] {
  try {
    return [realpathSync('/etc/resolv.conf')]
  } catch {
    return []
  }
}
