import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'

/** What stands at a path: the mode as git writes it, and the id of the content. */
export interface Entry {
  readonly mode: string
  readonly oid: string
}

interface GitObject {
  readonly type: string
  readonly content: Buffer
}

/** The objects of a repository without a process of git for each, and without the code under test: loose ones only. */
export class PlainObjects {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Stores an object and answers with its id. */
  write(type: 'blob' | 'tree' | 'commit', content: string | Buffer): string {
    const bytes = Buffer.concat([
      Buffer.from(`${type} ${Buffer.byteLength(content)}\0`),
      Buffer.from(content as string),
    ])
    const oid = createHash('sha1').update(bytes).digest('hex')
    const path = this.#pathOf(oid)
    if (existsSync(path)) return oid
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, deflateSync(bytes, { level: 1 }))
    return oid
  }

  /** Stores the tree of these files, by path. */
  writeTree(files: ReadonlyMap<string, Entry>): string {
    const folders = new Map<string, Map<string, Entry>>()
    const entries = new Map<string, Entry>()
    for (const [path, entry] of files) {
      const end = path.indexOf('/')
      if (end === -1) entries.set(path, entry)
      else {
        const folder = path.slice(0, end)
        folders.set(folder, (folders.get(folder) ?? new Map<string, Entry>()).set(path.slice(end + 1), entry))
      }
    }
    for (const [name, inner] of folders) entries.set(name, { mode: '40000', oid: this.writeTree(inner) })
    const named = [...entries].map(([name, entry]) => ({ ...entry, name: Buffer.from(name) }))
    const sorted = named.toSorted((one, other) => Buffer.compare(sortKey(one), sortKey(other)))
    const bytes = sorted.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode} `),
      name,
      zero,
      Buffer.from(oid, 'hex'),
    ])
    return this.write('tree', Buffer.concat(bytes))
  }

  /** What a commit or tree has at a path. */
  read(at: string, path: string): Buffer {
    const { type, content } = this.#object(at)
    if (type === 'commit') return this.read(content.toString('latin1', 5, 45), path)
    const [name = '', ...rest] = path.split('/')
    const { oid } = entriesOf(content).find((entry) => entry.name === name) ?? {}
    if (oid === undefined) throw new Error(`${at} has no ${path}`)
    return rest.length === 0 ? this.#object(oid).content : this.read(oid, rest.join('/'))
  }

  #object(oid: string): GitObject {
    const bytes = inflateSync(readFileSync(this.#pathOf(oid)))
    const end = bytes.indexOf(0)
    return { type: bytes.toString('latin1', 0, bytes.indexOf(32)), content: bytes.subarray(end + 1) }
  }

  #pathOf(oid: string): string {
    return join(this.#folder, oid.slice(0, 2), oid.slice(2))
  }
}

const zero = Buffer.from([0])

/** Git sorts folders as if their names ended in a slash. */
const sortKey = ({ mode, name }: { readonly mode: string; readonly name: Buffer }): Buffer =>
  mode === '40000' ? Buffer.concat([name, Buffer.from('/')]) : name

function entriesOf(tree: Buffer): readonly { readonly name: string; readonly oid: string }[] {
  const entries: { name: string; oid: string }[] = []
  for (let at = 0; at < tree.length;) {
    const [space, end] = [tree.indexOf(32, at), tree.indexOf(0, at)]
    entries.push({ name: tree.toString('utf8', space + 1, end), oid: tree.toString('hex', end + 1, end + 21) })
    at = end + 21
  }
  return entries
}
