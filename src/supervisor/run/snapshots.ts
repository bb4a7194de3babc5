import { openSlots, type Slots } from '../../changes/slots.ts'
import type { Clock } from '../../clock.ts'
import type { Workspace } from './workspaces.ts'

/** Saves workspaces while attempts work in them. */
export interface Snapshots {
  /** @param changed told whenever a snapshot has found something new */
  watch(workspace: Workspace, changed: () => void): WatchedWorkspace
}

/** A workspace that is saved from time to time. */
export interface WatchedWorkspace {
  /** Resolves when no snapshot is under way any more: then the workspace may be sealed. */
  stop(): Promise<void>
}

interface SnapshotsOptions {
  readonly clock: Clock
  /** In milliseconds; null for never. */
  readonly everyMs: number | null
}

/** Snapshots at once in one run: they are a courtesy and must not crowd the machine. */
const parallel = 2
/** A pause is at least so many times as long as the snapshot before it took. */
const rest = 20

/** A failed snapshot costs nothing but itself: the next one tries again. */
export function openSnapshots({ clock, everyMs }: SnapshotsOptions): Snapshots {
  const slots = openSlots(parallel)
  return {
    watch(workspace, changed) {
      const { snapshot } = workspace
      if (everyMs === null || snapshot === undefined) return { stop: () => Promise.resolve() }
      return keepSaving({ clock, everyMs, slots, changed, snapshot })
    },
  }
}

interface Saving {
  readonly clock: Clock
  readonly everyMs: number
  readonly slots: Slots
  readonly changed: () => void
  readonly snapshot: () => Promise<boolean>
}

function keepSaving({ clock, everyMs, slots, changed, snapshot }: Saving): WatchedWorkspace {
  let isStopped = false
  let underWay = Promise.resolve()
  let cancelTimer = clock.after(everyMs, begin)

  function begin(): void {
    underWay = slots.use(save)
  }

  async function save(): Promise<void> {
    if (isStopped) return
    const startedMs = clock.monotonic()
    try {
      if (await snapshot()) changed()
    } catch {
      // an agent may be in the midst of anything
    }
    if (!isStopped) cancelTimer = clock.after(Math.max(everyMs, (clock.monotonic() - startedMs) * rest), begin)
  }

  return {
    async stop() {
      isStopped = true
      cancelTimer()
      await underWay
    },
  }
}
