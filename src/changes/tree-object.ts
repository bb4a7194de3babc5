/** What stands at a path: git's mode and the object. */
export interface TreeEntry {
  readonly mode: string
  readonly oid: string
}

/** The mode of a folder, as trees have it. */
export const folderMode = '40000'
/** The mode of a submodule, of which a tree has only the commit. */
export const linkMode = '160000'

/** The entries of a tree object: `<mode> <name>\0<id>` each. Names are bytes, one letter each: they need not be UTF-8. */
export function readTree(content: Buffer, oid: string): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>()
  const idBytes = oid.length / 2
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at)
    const end = content.indexOf(0, space)
    const entry = {
      mode: content.toString('latin1', at, space),
      oid: content.toString('hex', end + 1, end + 1 + idBytes),
    }
    entries.set(content.toString('latin1', space + 1, end), entry)
    at = end + 1 + idBytes
  }
  return entries
}

/** A tree object with these entries, in git's order: by bytes, folders as if their names ended in a slash. */
export function printTree(entries: ReadonlyMap<string, TreeEntry>): Buffer {
  const key = ([name, { mode }]: readonly [string, TreeEntry]): string => (mode === folderMode ? `${name}/` : name)
  const sorted = [...entries].toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  return Buffer.concat(
    sorted.flatMap(([name, { mode, oid }]) => [Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(oid, 'hex')]),
  )
}
