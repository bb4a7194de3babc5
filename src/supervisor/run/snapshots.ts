import type { FolderWatch } from '../../changes/folder-watch.ts'
import { openSlots, type Slots } from '../../changes/slots.ts'
import type { Saved } from '../../changes/snapshot.ts'
import type { Clock } from '../../clock.ts'
import { afterSnapshot, nextDue, type Times } from './snapshot-times.ts'
import type { Workspace } from './workspaces.ts'

/** Saves workspaces while attempts work in them. */
export interface Snapshots {
  /**
   * Resolves when nothing that is written from now on is missed.
   * @param saved told of every snapshot that has found something new
   */
  watch(workspace: Workspace, saved: (snapshot: Saved) => void): Promise<WatchedWorkspace>
}

/** A workspace that is saved soon after something was written there, and from time to time whatever was noticed. */
export interface WatchedWorkspace {
  /** Saves it now; says whether anything had changed. */
  look(): Promise<boolean>
  /** Resolves when no snapshot is under way any more: then the workspace may be sealed. */
  stop(): Promise<void>
}

interface SnapshotsOptions {
  readonly clock: Clock
  /** How often a workspace is looked through as a whole, in milliseconds; null for never, and no snapshots at all. */
  readonly everyMs: number | null
  /** Told once when the system watches no more folders: workspaces are then looked through more often instead. */
  readonly unwatched?: (why: string) => void
}

/** Snapshots at once in one run: they are a courtesy and must not crowd the machine. */
const parallel = 2
/** The longest that a place stays empty after a snapshot, in milliseconds: it takes no longer than the snapshot took. */
const emptyMs = 100
/** Where writes are noticed, a workspace is looked through as a whole so many times as seldom. */
const watchedShare = 6
/** How often a workspace is looked through that cannot be watched, in milliseconds. */
const pollMs = 2_000

/** A failed snapshot costs nothing but itself: the next one tries again. */
export function openSnapshots({ clock, everyMs, unwatched = () => {} }: SnapshotsOptions): Snapshots {
  const slots = openSlots(parallel)
  let isWatchable = true
  const exhausted = (why: string): void => {
    if (isWatchable) unwatched(why)
    isWatchable = false
  }
  return {
    async watch(workspace, saved) {
      if (everyMs === null || workspace.snapshot === undefined) return lookOnly(workspace)
      const saving = new Saving({ clock, slots, workspace, saved, exhausted }, everyMs)
      await saving.open()
      return saving
    },
  }
}

const lookOnly = (workspace: Workspace): WatchedWorkspace => ({
  look: async () => ((await workspace.snapshot?.()) ?? null) !== null,
  stop: () => Promise.resolve(),
})

interface SavingParts {
  readonly clock: Clock
  readonly slots: Slots
  readonly workspace: Workspace
  readonly saved: (snapshot: Saved) => void
  readonly exhausted: (why: string) => void
}

class Saving implements WatchedWorkspace {
  readonly #parts: SavingParts
  #everyMs: number
  #times: Times
  #watch: FolderWatch | null = null
  #underWay: Promise<unknown> = Promise.resolve()
  #cancelTimer = (): void => {}
  #isBusy = false
  #isStopped = false

  constructor(parts: SavingParts, everyMs: number) {
    this.#parts = parts
    this.#everyMs = parts.workspace.watch === undefined ? everyMs : everyMs * watchedShare
    const now = parts.clock.monotonic()
    // what an earlier attempt left lies there from the beginning
    const wholeMs = parts.workspace.continued === true ? now : now + everyMs
    this.#times = { wholeMs, freeMs: now, wrote: null }
  }

  async open(): Promise<void> {
    await this.#openWatch().catch(() => {}) // then it is looked through from time to time
    this.#plan()
  }

  async look(): Promise<boolean> {
    const found = (await this.#parts.workspace.snapshot?.()) ?? null
    if (found !== null) this.#parts.saved(found)
    return found !== null
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer()
    this.#watch?.close()
    await this.#underWay
  }

  #plan(): void {
    if (this.#isStopped || this.#isBusy) return
    this.#cancelTimer()
    const { clock, slots } = this.#parts
    const dueMs = Math.max(0, nextDue(this.#times) - clock.monotonic())
    this.#cancelTimer = clock.after(dueMs, () => {
      this.#isBusy = true
      void slots.use(() => this.#inSlot())
    })
  }

  /** The place stays empty for a while, so that all snapshots together leave the machine to the agents. */
  async #inSlot(): Promise<void> {
    if (this.#isStopped) return
    const { clock } = this.#parts
    const startedMs = clock.monotonic()
    const saving = this.#save(startedMs)
    this.#underWay = saving
    await saving
    this.#isBusy = false
    this.#plan()
    const tookMs = clock.monotonic() - startedMs
    const restMs = Math.min(emptyMs, tookMs)
    if (restMs > 0 && !this.#isStopped) await new Promise<void>((resolve) => clock.after(restMs, resolve))
  }

  async #save(startedMs: number): Promise<void> {
    const { clock, workspace, saved } = this.#parts
    const isWhole = startedMs >= this.#times.wholeMs
    this.#times = { ...this.#times, wrote: null }
    let isFailed = false
    try {
      const among = (await this.#watch?.taken()) ?? null
      const found = (await workspace.snapshot?.(isWhole ? null : among)) ?? null
      if (found !== null) saved(found)
    } catch {
      isFailed = true // an agent may be in the midst of anything
    }
    const taken = { startedMs, endedMs: clock.monotonic(), isWhole, isFailed }
    this.#times = afterSnapshot(this.#times, this.#everyMs, taken)
  }

  async #openWatch(): Promise<void> {
    const { clock, workspace, exhausted } = this.#parts
    if (workspace.watch === undefined) return
    const changed = (): void => {
      const now = clock.monotonic()
      this.#times = { ...this.#times, wrote: { firstMs: this.#times.wrote?.firstMs ?? now, lastMs: now } }
      this.#plan()
    }
    this.#watch = await workspace.watch({
      changed,
      exhausted: (why) => {
        this.#everyMs = Math.min(this.#everyMs / watchedShare, pollMs)
        exhausted(why)
      },
    })
  }
}
