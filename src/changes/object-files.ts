import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateSync } from 'node:zlib'
import type { GitObject } from './object-answers.ts'
import { applyDelta } from './pack-delta.ts'
import { mostBytes, PackFile } from './pack-file.ts'

/** A repository's objects as files, read without a process of git; whatever is not found or not plain is git's to tell. */
export interface ObjectFiles extends Disposable {
  /** Null where git must be asked. */
  read(oid: string): GitObject | null
}

/** Packs in which objects are looked for; more are for git, which knows them all at once. */
const mostPacks = 32

/** Bytes of objects that others are differences to, which are remembered. */
const mostRemembered = 8 * 2 ** 20

/**
 * Opens the objects in a folder; null where git gives others in place of some (git-replace(1)).
 * @param folder absolute, of a repository's own objects
 * @param idBytes how long ids are
 */
export function openObjectFiles(folder: string, idBytes: number): ObjectFiles | null {
  return hasReplacements(dirname(folder)) ? null : new LooseAndPacked(folder, idBytes)
}

/** In tables of refs only git can look. */
function hasReplacements(repository: string): boolean {
  if (['refs/replace', 'reftable'].some((name) => existsSync(join(repository, name)))) return true
  const packed = join(repository, 'packed-refs')
  return existsSync(packed) && readFileSync(packed, 'latin1').includes(' refs/replace/')
}

class LooseAndPacked implements ObjectFiles {
  readonly #folder: string
  readonly #idBytes: number
  readonly #packs = new Map<string, PackFile>()
  #areListed = false
  readonly #bases = new Map<string, GitObject>()
  #remembered = 0

  constructor(folder: string, idBytes: number) {
    this.#folder = folder
    this.#idBytes = idBytes
  }

  read(oid: string): GitObject | null {
    if (oid.length !== 2 * this.#idBytes || !/^[0-9a-f]+$/.test(oid)) return null
    try {
      return this.#packed(oid) ?? this.#loose(oid) ?? (this.#list() ? this.#packed(oid) : null)
    } catch {
      return null // a file that went meanwhile, or one of another version
    }
  }

  [Symbol.dispose](): void {
    for (const pack of this.#packs.values()) pack[Symbol.dispose]()
    this.#packs.clear()
  }

  #close(name: string, pack: PackFile): void {
    pack[Symbol.dispose]()
    this.#packs.delete(name)
    this.#bases.clear()
    this.#remembered = 0
  }

  #packed(oid: string): GitObject | null {
    if (!this.#areListed) this.#list()
    for (const [name, pack] of this.#packs) {
      const place = pack.placeOf(oid)
      if (place !== null) return this.#objectAt(name, pack, place)
    }
    return null
  }

  /** Follows differences to what they are to, and back. */
  #objectAt(name: string, pack: PackFile, place: number): GitObject | null {
    const deltas: { readonly at: number; readonly delta: Buffer }[] = []
    let [at, object]: [number, GitObject | null] = [place, null]
    while (object === null) {
      object = this.#bases.get(`${name} ${at}`) ?? null
      if (object !== null) break
      const entry = pack.entryAt(at)
      if (entry === null) return null
      if (entry.how === 'whole') object = entry
      else {
        deltas.push({ at, delta: entry.delta })
        const base = typeof entry.base === 'string' ? pack.placeOf(entry.base) : entry.base
        if (base === null) return null
        at = base
      }
    }
    this.#remember(`${name} ${at}`, object)
    for (const one of deltas.toReversed()) {
      object = { type: object.type, content: applyDelta(object.content, one.delta, mostBytes) }
      this.#remember(`${name} ${one.at}`, object)
    }
    return { type: object.type, content: object.content }
  }

  /** What one object is a difference to, the next often is as well. */
  #remember(key: string, object: GitObject): void {
    if (this.#bases.has(key)) return
    if (this.#remembered + object.content.length > mostRemembered) {
      this.#bases.clear()
      this.#remembered = 0
    }
    this.#bases.set(key, object)
    this.#remembered += object.content.length
  }

  #loose(oid: string): GitObject | null {
    const path = join(this.#folder, oid.slice(0, 2), oid.slice(2))
    const file = statSync(path, { throwIfNoEntry: false })
    if (file === undefined || file.size > mostBytes) return null
    // in one piece: a text becomes four times as long
    const chunkSize = Math.min(1_048_576, Math.max(256, 5 * file.size))
    const whole = inflateSync(readFileSync(path), { chunkSize, maxOutputLength: mostBytes })
    const end = whole.indexOf(0)
    const [type = '', size = ''] = whole.toString('latin1', 0, end).split(' ')
    const content = withoutRoom(whole.subarray(end + 1))
    return content.length === Number(size) ? { type: type as GitObject['type'], content } : null
  }

  /** Opens packs that are new and closes those that are gone; whether any are new. */
  #list(): boolean {
    this.#areListed = true
    const folder = join(this.#folder, 'pack')
    if (!existsSync(folder)) return false
    const names = readdirSync(folder).flatMap((name) => (name.endsWith('.idx') ? name.slice(0, -4) : []))
    const fresh = names.filter((name) => !this.#packs.has(name))
    if (names.length > mostPacks) throw new RangeError('too many packs')
    for (const [name, pack] of this.#packs) if (!names.includes(name)) this.#close(name, pack)
    for (const name of fresh) this.#packs.set(name, new PackFile(join(folder, name), this.#idBytes))
    return fresh.length > 0
  }
}

/** Without what was made room for and not used, where that is most of it. */
const withoutRoom = (content: Buffer): Buffer =>
  content.buffer.byteLength > 2 * content.length ? Buffer.from(content) : content
