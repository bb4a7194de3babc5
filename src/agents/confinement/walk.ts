/*
 * The walk takes a path name by name, each folder opened without following a link and held open, and the next name looked up in the
 * open folder. What becomes of the names meanwhile leads nowhere else:
 *
 *   root ──open──▶ fd ──"src"──▶ fd ──"a.ts"──▶ file
 *                   │ a link: read, and its target walked from here
 *                   └ "..": back to the folder before, never the system's own
 *
 * Looked up in an open folder means by /proc/self/fd/N/name. Where there is no /proc, by the folder's path: then a folder that is
 * swapped for a link within the same microseconds is not noticed.
 */
import { closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, readlinkSync, type Stats } from 'node:fs'
import { namesOf, outside, refuseReserved } from './names.ts'
import { PathRefused } from './refusal.ts'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants
const hasDescriptors = existsSync('/proc/self/fd')
const maximumLinks = 40

/** What is walked in: the real path of the workspace, and other names that it has. */
export interface Root {
  readonly real: string
  readonly names: readonly string[]
}

/** How to walk. */
export interface Walk {
  /** Whether links that stay inside are followed; if not, one is refused. */
  readonly follow: boolean
  /** What becomes of folders that are not there: they fail, are only named, or are made. */
  readonly missing: 'fail' | 'name' | 'make'
}

/** Where a path leads. */
export interface Spot {
  /** Address of the entry, good while the walk is open; it does not follow a link at its end if opened so. */
  readonly address: string
  /** Address of another entry of the same folder. */
  beside(name: string): string
  /** Relative to the root, with forward slashes, free of links; empty for the root. */
  readonly path: string
  /** Null where nothing is there. */
  readonly stats: Stats | null
}

/** A folder held open. */
interface OpenFolder {
  readonly file: number
  readonly address: string
  readonly name: string
}

/** Walks to a path and lets `use` do its work there, synchronously, while the folders are held open. */
export function walkTo<Value>(root: Root, path: string, walk: Walk, use: (spot: Spot) => Value): Value {
  const folders = [openFolder(root.real, '')]
  try {
    return use(find({ root, asked: path, walk, folders }))
  } finally {
    close(folders, 0)
  }
}

interface Search {
  readonly root: Root
  readonly asked: string
  readonly walk: Walk
  /** The way so far; changed on the way. */
  readonly folders: OpenFolder[]
}

function find(search: Search): Spot {
  const { root, asked, walk, folders } = search
  const waiting = namesOf(asked, root.names).toReversed()
  let links = 0
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '..') {
      if (folders.length === 1) throw outside(asked)
      close(folders, folders.length - 1)
      continue
    }
    refuseReserved(name, folders.length - 1)
    const spot = spotAt(folders, name)
    if (spot.stats?.isSymbolicLink() === true) {
      if (!walk.follow || ++links > maximumLinks)
        throw new PathRefused(`${asked} leads over links that may not be followed`)
      waiting.push(...targetOf(spot, search).toReversed())
    } else if (waiting.length === 0) return spot
    else if (spot.stats === null && walk.missing === 'name') return named(spot, waiting.toReversed(), search)
    else folders.push(enter(spot, name, walk))
  }
  return spotAt(folders, null)
}

/** Where nothing is there are no links: the rest of the way is its names. */
function named(spot: Spot, rest: readonly string[], { asked, folders }: Search): Spot {
  if (rest.includes('..')) throw new PathRefused(`${asked} goes back from a folder that does not exist`)
  for (const [index, name] of rest.entries()) refuseReserved(name, folders.length + index)
  return { ...spot, path: [spot.path, ...rest].join('/') }
}

function spotAt(folders: readonly OpenFolder[], name: string | null): Spot {
  const folder = folders.at(-1)
  if (folder === undefined) throw new RangeError('the root is not open')
  const beside = (other: string): string => `${folder.address}/${other}`
  // with the dot the folder itself is looked at, not the link to it below /proc
  const address = beside(name ?? '.')
  const names = [...folders.slice(1).map((one) => one.name), ...(name === null ? [] : [name])]
  return { address, beside, path: names.join('/'), stats: lstatSync(address, { throwIfNoEntry: false }) ?? null }
}

function enter(spot: Spot, name: string, { missing }: Walk): OpenFolder {
  if (spot.stats === null && missing === 'make') mkdirSync(spot.address)
  return openFolder(spot.address, name)
}

/** The names of a link's target, from where the walk is now; an absolute one begins at the root again. */
function targetOf({ address }: Spot, { root, asked, folders }: Search): readonly string[] {
  const target = readlinkSync(address)
  try {
    const names = namesOf(target, root.names)
    if (target.startsWith('/')) close(folders, 1)
    return names
  } catch {
    throw outside(`${asked}, a link to ${target},`)
  }
}

/** Opens a folder to look up names in it; fails where it is a link. */
export function openFolder(path: string, name: string): OpenFolder {
  const file = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  return { file, name, address: hasDescriptors ? `/proc/self/fd/${file}` : path }
}

function close(folders: OpenFolder[], from: number): void {
  for (const { file } of folders.splice(from)) closeSync(file)
}
