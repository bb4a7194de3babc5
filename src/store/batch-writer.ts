import { type Change, updateLocked } from './locked-file.ts'

/** Updates of one file, gathered and written together. */
export interface BatchWriter {
  /** Resolves when the update is on disk, for good. */
  update<Result>(change: Change<Result>): Promise<Result>
}

interface Waiting {
  readonly change: Change<unknown>
  readonly done: PromiseWithResolvers<unknown>
}

/** Opens a writer: all updates that wait when the lock is taken go into one replacement (group commit), in order. */
export function openBatchWriter(path: string): BatchWriter {
  let waiting: Waiting[] = []
  let writing: Promise<void> | null = null

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) await writeBatch()
    writing = null
  }

  /** Takes what waits only once the lock is held, so that a long wait gathers more. */
  async function writeBatch(): Promise<void> {
    let batch: readonly Waiting[] = []
    try {
      const settle = await updateLocked(path, takeBatch, { durable: true })
      settle()
    } catch (error) {
      for (const { done } of batch.length > 0 ? batch : waiting.splice(0)) done.reject(error)
    }

    function takeBatch(before: string | null): { readonly content: string; readonly result: () => void } {
      batch = waiting
      waiting = []
      return applyAll(before, batch)
    }
  }

  return {
    update(change) {
      const done = Promise.withResolvers<unknown>()
      waiting.push({ change, done })
      writing ??= Promise.resolve().then(writeAll)
      return done.promise as Promise<never>
    },
  }
}

/** A change that throws is refused alone; the others go on from where it began. */
function applyAll(
  before: string | null,
  batch: readonly Waiting[],
): { readonly content: string; readonly result: () => void } {
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
