import { isAbsolute, sep } from 'node:path'
import { PathRefused } from './refusal.ts'

const separators = process.platform === 'win32' ? /[/\\]/ : /\//

/** The names of a path, from the root of the workspace; `..` stays for the walk to carry out. */
export function namesOf(path: string, roots: readonly string[]): readonly string[] {
  if (path.includes('\0')) throw new PathRefused('a path cannot hold a NUL')
  if (!isAbsolute(path)) return split(path)
  const root = roots.find((candidate) => isWithin(candidate, path))
  if (root === undefined) throw outside(path)
  // cut off as text: a `..` may not be taken back over a link
  return split(path.slice(root.length))
}

/** The one message for all that leads out. */
export const outside = (path: string): PathRefused =>
  new PathRefused(`${path} is outside the workspace; give a path inside it, relative to its root`)

/** Git's own files and those of Troupe are nobody's to change, and may hold secrets. */
export function refuseReserved(name: string, depth: number): void {
  const plain = folded(name)
  if (plain === '.git' || plain === 'git~1') throw new PathRefused(`${name} belongs to git and is not to be touched`)
  if (depth === 0 && plain === '.agents') throw new PathRefused(`${name} belongs to troupe and is not to be touched`)
}

/** Names as those file systems see them that tell neither case nor all of Unicode apart. */
const folded = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .replace(/[. ]+$/, '')
    .replace(/::?\$.*$/, '')

const split = (path: string): readonly string[] => path.split(separators).filter((name) => name !== '' && name !== '.')

const isWithin = (root: string, path: string): boolean => path === root || path.startsWith(`${root}${sep}`)
