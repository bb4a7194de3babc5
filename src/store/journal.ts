import { existsSync } from 'node:fs'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import { TroupeError } from '../errors.ts'
import { bytesOf } from '../text-bytes.ts'
import { storeFailure } from './store-failure.ts'
import { type JournalFile, openJournalFile } from './journal-file.ts'
import { journalFormat, lineOf } from './journal-record.ts'
import { type JournalContent, journalIn, readBytes } from './read-journal.ts'
import { replaceFile, syncFolder } from './replace-file.ts'

/** What `append` gives back at once. */
export interface Appended {
  readonly seq: number
  readonly at: number
  /** Settles when the record is on disk; rejects with STORE_FAILED when it can no longer get there. */
  readonly durable: Promise<void>
}

/** An append-only list of events, the only truth about a run. */
export interface Journal<Event> {
  /** What it held when it was opened, and so what the next record follows. */
  readonly found: JournalContent<Event>
  append(event: Event): Appended
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}

interface JournalOptions {
  readonly path: string
  /** Of the lease under which is written. */
  readonly epoch: number
  readonly clock: Clock
  /** Whether the lease is still ours, asked before and after every write: a supervisor that was deposed promises nothing. */
  readonly isHeld?: () => boolean
  /** For tests that put faults in. */
  readonly openFile?: (path: string, keepBytes: number) => JournalFile
}

/**
 * Opens a journal for appending. One that is there already is replaced by a copy of its sound part: whoever else still has it
 * open, a supervisor that was deposed, writes into a file that nobody reads. What was cut off is kept beside it.
 * One write and one fdatasync are under way at a time, and whatever is appended meanwhile shares the next pair (group
 * commit). After the first failure nothing is ever promised again.
 * @throws TroupeError JOURNAL_CORRUPT or STORE_FAILED
 */
export async function openJournal<Event>(options: JournalOptions): Promise<Journal<Event>> {
  const { path, openFile = openJournalFile } = options
  const isNew = !existsSync(path)
  const found = isNew ? noContent : reopen<Event>(options)
  const journal = new GroupCommit<Event>(openFile(path, found.soundBytes), options, found)
  if (found.soundBytes === 0) await journal.begin()
  if (isNew) syncFolder(dirname(path))
  return journal
}

const noContent = { records: [], soundBytes: 0, cut: null, stale: 0 } as const

function reopen<Event>({ path, epoch }: JournalOptions): JournalContent<Event> {
  const bytes = readBytes(path)
  const content = journalIn<Event>(path, bytes)
  const { soundBytes, cut } = content
  const newest = content.records.at(-1)?.epoch ?? 0
  if (newest > epoch) {
    const message = `the journal ${path} holds records of lease ${newest}, this is only lease ${epoch}: nobody would read them`
    throw new TroupeError('LEASE_LOST', message)
  }
  if (cut !== null) replaceFile(`${path}.cut-${epoch}`, bytes.subarray(soundBytes), { durable: true })
  replaceFile(path, bytes.subarray(0, soundBytes), { durable: true })
  return content
}

interface Batch {
  /** The newest record on disk when it is written. */
  readonly durable: number
  readonly lines: string[]
  readonly done: PromiseWithResolvers<void>
}

class GroupCommit<Event> implements Journal<Event> {
  readonly found: JournalContent<Event>
  readonly #file: JournalFile
  readonly #options: JournalOptions
  #seq: number
  #gathering: Batch
  #writing: Promise<void> | null = null
  #failure: TroupeError | null = null

  constructor(file: JournalFile, options: JournalOptions, found: JournalContent<Event>) {
    this.found = found
    this.#file = file
    this.#options = options
    this.#seq = found.records.length
    this.#gathering = newBatch(found.soundBytes === 0 ? -1 : this.#seq)
  }

  /** Writes the header. */
  begin(): Promise<void> {
    return this.#add(0, this.#options.clock.now(), { journal: journalFormat })
  }

  append(event: Event): Appended {
    const seq = ++this.#seq
    const at = this.#options.clock.now()
    return { seq, at, durable: this.#add(seq, at, event) }
  }

  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#failure !== null) throw this.#failure
  }

  async close(): Promise<void> {
    const [flushed, closed] = [await outcomeOf(this.flush()), await outcomeOf(this.#file.close())]
    if (flushed !== null) throw flushed.cause
    if (closed !== null) throw failureOf(this.#options.path, closed.cause)
  }

  #add(seq: number, at: number, event: unknown): Promise<void> {
    if (this.#failure !== null) return quiet(Promise.reject(this.#failure))
    const batch = this.#gathering
    const { durable } = batch
    batch.lines.push(lineOf({ seq, durable, at, epoch: this.#options.epoch, event }))
    this.#writing ??= this.#writeAll()
    return batch.done.promise
  }

  /** @throws TroupeError LEASE_LOST */
  #fence(): void {
    const { path, isHeld } = this.#options
    if (isHeld === undefined || isHeld()) return
    throw new TroupeError(
      'LEASE_LOST',
      `another supervisor has taken over the journal ${path}; nothing more is written`,
    )
  }

  /** Begins at the end of this turn of the event loop, so that what is appended in it goes along. */
  async #writeAll(): Promise<void> {
    await endOfTurn()
    while (this.#gathering.lines.length > 0) {
      const batch = this.#gathering
      this.#gathering = newBatch(this.#seq)
      try {
        if (this.#failure !== null) throw this.#failure
        this.#fence()
        for (const part of bytesOf(batch.lines.join(''))) await this.#file.write(part)
        await this.#file.datasync()
        this.#fence() // a successor may have copied the journal meanwhile: these records may not be in its copy
        batch.done.resolve()
      } catch (cause) {
        this.#failure ??= failureOf(this.#options.path, cause)
        batch.done.reject(this.#failure)
      }
    }
    this.#writing = null
  }
}

/** Null, or why it failed. */
const outcomeOf = (work: Promise<void>): Promise<{ readonly cause: unknown } | null> =>
  work.then(
    () => null,
    (cause: unknown) => ({ cause }),
  )

function newBatch(durable: number): Batch {
  const batch = { durable, lines: [], done: Promise.withResolvers<void>() }
  void quiet(batch.done.promise)
  return batch
}

/** Whoever waits hears of a rejection; nobody waiting is no defect. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}

function failureOf(path: string, cause: unknown): TroupeError {
  return cause instanceof TroupeError ? cause : storeFailure(`the journal ${path} cannot be written`, cause)
}
