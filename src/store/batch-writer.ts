import { setImmediate as endOfTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock.ts'
import { longestWaitMs } from './lock.ts'
import { type Change, type Changed, type HeldFile, holdFile } from './locked-file.ts'

/** Updates of one file, gathered and written together. */
export interface BatchWriter {
  /** Resolves when the update is on disk, for good. */
  update<Result>(change: Change<Result>): Promise<Result>
}

interface Waiting {
  readonly change: Change<unknown>
  readonly done: PromiseWithResolvers<unknown>
}

/** After so long the file is left to others, however much there is to write. */
const longestHoldMs = 1_000

/** Within this time one of those who wait for the lock looks for it. */
const leftToOthersMs = 2 * longestWaitMs

/**
 * Opens a writer: all updates that wait go into one replacement (group commit), in order, and the lock is held while they come.
 * Whoever was answered tends to come again: the next replacement waits for as many as the last left behind, those it
 * answered and those who came meanwhile, but no longer than it took itself.
 */
export const openBatchWriter = (path: string, clock: Clock = systemClock): BatchWriter => new GroupCommit(path, clock)

class GroupCommit implements BatchWriter {
  readonly #path: string
  readonly #clock: Clock
  #waiting: Waiting[] = []
  #arrived = (): void => {}
  #isWriting = false

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  update<Result>(change: Change<Result>): Promise<Result> {
    const done = Promise.withResolvers<unknown>()
    this.#waiting.push({ change, done })
    this.#arrived()
    if (!this.#isWriting) void this.#writeAll()
    return done.promise as Promise<never>
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    await endOfTurn() // what else comes in this turn goes along
    while (this.#waiting.length > 0) {
      const heldMs = await this.#writeWhileTheyCome()
      if (heldMs >= longestHoldMs) await this.#pass(leftToOthersMs)
    }
    this.#isWriting = false
  }

  /** Answers how long the file was held, in milliseconds. */
  async #writeWhileTheyCome(): Promise<number> {
    const file = await this.#hold()
    if (file === null) return 0
    const beganMs = this.#clock.monotonic()
    const heldMs = (): number => this.#clock.monotonic() - beganMs
    while (this.#waiting.length > 0 && heldMs() < longestHoldMs) {
      const startedMs = heldMs()
      const expected = await this.#writeBatch(file)
      if (expected === null) break // the lock may be lost
      await this.#gather(expected, Math.min(heldMs() - startedMs, longestHoldMs - heldMs()))
    }
    await file.release().catch(() => {}) // what is written counts; whoever wants the lock next hears of it
    return heldMs()
  }

  /** Null when the file was not to be had: all who wait have been told. */
  async #hold(): Promise<HeldFile | null> {
    try {
      return await holdFile(this.#path)
    } catch (error) {
      refuse(this.#waiting.splice(0), error)
      return null
    }
  }

  /** Answers how many are likely to write next; null when nothing could be written. */
  async #writeBatch(file: HeldFile): Promise<number | null> {
    const batch = this.#waiting.splice(0)
    try {
      const settle = await file.change((before) => applyAll(before, batch), { durable: true })
      const expected = batch.length + this.#waiting.length
      settle()
      return expected
    } catch (error) {
      refuse(batch, error)
      return null
    }
  }

  /** Resolves when so many wait, or so much time has passed. */
  async #gather(count: number, withinMs: number): Promise<void> {
    if (withinMs <= 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(withinMs, resolve)
    this.#arrived = () => {
      if (this.#waiting.length >= count) resolve()
    }
    this.#arrived()
    await promise
    cancel()
    this.#arrived = () => {}
  }

  #pass(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.after(ms, resolve)
    return promise
  }
}

function refuse(batch: readonly Waiting[], error: unknown): void {
  for (const { done } of batch) done.reject(error)
}

/** A change that throws is refused alone; the others go on from where it began. */
function applyAll(before: string | null, batch: readonly Waiting[]): Changed<() => void> {
  const settlements: (() => void)[] = []
  let content = before
  for (const { change, done } of batch) {
    try {
      const changed = change(content)
      content = changed.content
      settlements.push(() => {
        done.resolve(changed.result)
      })
    } catch (error) {
      settlements.push(() => {
        done.reject(error)
      })
    }
  }
  const result = (): void => {
    for (const settle of settlements) settle()
  }
  return { content: content ?? '', result }
}
