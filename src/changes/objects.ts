import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { messageOf, TroupeError } from '../errors.ts'
import { holdOpen } from '../processes/hold-open.ts'
import type { Git } from './git.ts'
import { gitFolder } from './git-folder.ts'
import { ObjectAnswers, type GitObject } from './object-answers.ts'
import { type ObjectFiles, openObjectFiles } from './object-files.ts'

/** The objects of a repository, read and written without a process for each. */
export interface Objects extends AsyncDisposable {
  /** The object with this id. Throws TroupeError GIT_FAILED when it is not there. */
  read(oid: string): Promise<GitObject>
  /** Stores an object and answers with its id; one that is there already is left. Throws TroupeError GIT_FAILED or NO_SPACE. */
  write(type: GitObject['type'], content: Uint8Array): Promise<string>
}

/**
 * Opens the objects of the repository that `git` works in: one `git cat-file --batch` for all reads, loose objects for writes.
 * @param from `files` reads the files of the objects, and has git for what these do not tell: sooner, but with tens of megabytes more
 * where thousands are read
 */
export function openObjects(git: Git, from: 'git' | 'files' = 'git'): Objects {
  let reader: Reader | null = null
  let files: ObjectFiles | null | undefined
  let isClosed = false
  return {
    async read(oid) {
      if (isClosed) throw new TroupeError('GIT_FAILED', `the objects of ${git.directory} are closed`)
      if (files === undefined) files = from === 'files' ? filesOf(git) : null
      const known = files?.read(oid) ?? null
      if (known !== null) return known
      reader ??= new Reader(git)
      return await reader.read(oid)
    },
    write: (type, content) => writeObject(git, type, content),
    async [Symbol.asyncDispose]() {
      isClosed = true
      files?.[Symbol.dispose]()
      await reader?.close()
    },
  }
}

/** Null where only git knows where objects are. */
function filesOf({ directory }: Git): ObjectFiles | null {
  const place = placeNear(directory)
  return place === null ? null : openObjectFiles(place.folder, place.hash === 'sha1' ? 20 : 32)
}

/** Stores an object in the repository that `git` works in, as `Objects.write` does. */
export async function writeObject(git: Git, type: GitObject['type'], content: Uint8Array): Promise<string> {
  return writeLoose(await placeOf(git), type, content)
}

/** Keeps this process alive only while it is asked something. */
class Reader {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: PromiseWithResolvers<GitObject>[] = []
  readonly #closed = Promise.withResolvers<void>()
  #end: TroupeError | null = null
  #isClosing = false

  constructor(git: Git) {
    this.#process = git.start(['cat-file', '--batch'])
    const answers = new ObjectAnswers((oid, object) => {
      const asked = this.#waiting.shift()
      if (this.#waiting.length === 0 && !this.#isClosing) holdOpen(this.#process, false)
      if (object === null) asked?.reject(new TroupeError('GIT_FAILED', `git has no object ${oid}`))
      else asked?.resolve(object)
    })
    this.#process.stdout.on('data', (chunk: Buffer) => {
      answers.take(chunk)
    })
    this.#process.stdin.on('error', () => {}) // its end says more
    let said = ''
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const gone = (why: string): void => {
      this.#end ??= new TroupeError('GIT_FAILED', `git cat-file has ended in ${git.directory}: ${why}`)
      for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
      this.#closed.resolve()
    }
    this.#process.once('error', ({ message }) => {
      gone(message)
    })
    this.#process.once('close', () => {
      gone(said.trim())
    })
  }

  read(oid: string): Promise<GitObject> {
    if (this.#end !== null) return Promise.reject(this.#end)
    const asked = Promise.withResolvers<GitObject>()
    if (this.#waiting.length === 0) holdOpen(this.#process, true)
    this.#waiting.push(asked)
    this.#send(`${oid}\n`)
    return asked.promise
  }

  /** What is asked for together is written together: a write takes longer than git's answer. */
  #send(line: string): void {
    const { stdin } = this.#process
    if (stdin.writableCorked === 0) {
      stdin.cork()
      process.nextTick(() => {
        stdin.uncork()
      })
    }
    stdin.write(line)
  }

  /** What was asked for and is not answered yet is answered still. */
  async close(): Promise<void> {
    this.#isClosing = true
    holdOpen(this.#process, true)
    this.#process.stdin.end()
    await this.#closed.promise
  }
}

interface Place {
  /** Absolute folder of the objects. */
  readonly folder: string
  readonly hash: 'sha1' | 'sha256'
}

/** Asked for once; a question that failed is asked again. */
const places = new WeakMap<Git, Promise<Place>>()

function placeOf(git: Git): Promise<Place> {
  const known = places.get(git)
  if (known !== undefined) return known
  const asked = askPlace(git)
  places.set(git, asked)
  asked.catch(() => places.delete(git))
  return asked
}

async function askPlace(git: Git): Promise<Place> {
  const near = placeNear(git.directory)
  if (near !== null) return near
  const args = ['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--show-object-format']
  const [folder = '', hash = 'sha1'] = (await git.text(args)).split('\n')
  return { folder, hash: hash === 'sha256' ? 'sha256' : 'sha1' }
}

/** Null where the files of the repository do not tell. The format of objects is read from its own configuration alone (gitrepository-layout(5)). */
function placeNear(directory: string): Place | null {
  const repository = gitFolder(directory)
  if (repository === null) return null
  try {
    const settings = readFileSync(join(repository, 'config'), 'utf8')
    const hash = /^\s*objectformat\s*=\s*"?sha256/im.test(settings) ? 'sha256' : 'sha1'
    return { folder: join(repository, 'objects'), hash }
  } catch {
    return null
  }
}

/**
 * As git stores an object of its own (gitformat-loose): whole under another name first, so that nobody sees a part of it. At once, since
 * a few small calls take less time than they would wait for their turn.
 */
function writeLoose({ folder, hash }: Place, type: string, content: Uint8Array): string {
  const whole = Buffer.concat([Buffer.from(`${type} ${content.byteLength}\0`), content])
  const oid = createHash(hash).update(whole).digest('hex')
  const path = join(folder, oid.slice(0, 2), oid.slice(2))
  if (existsSync(path)) return oid
  const temporary = join(folder, `tmp_obj_troupe_${randomUUID()}`) // threads of one process write here, too
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(temporary, deflateSync(whole, { level: 1 }), { mode: 0o444 })
    renameSync(temporary, path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'NO_SPACE' : 'GIT_FAILED'
    throw new TroupeError(code, `the object ${path} cannot be written: ${messageOf(cause)}`, { cause })
  }
  return oid
}
