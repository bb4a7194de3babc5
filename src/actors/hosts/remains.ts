import { subscribe } from 'node:diagnostics_channel'
import { programsBegun } from '../../processes/programs-begun.ts'

/** More than this, in bytes, above what a process took at first: the next actor shall not pay for it. */
const mostGrowth = 64 * 1024 * 1024

/** Tells whether an actor has left anything behind in the process that it lived in. */
export class Remains {
  readonly #resources = count(process.getActiveResourcesInfo())
  readonly #bytes = process.memoryUsage.rss()
  #children = 0

  constructor() {
    // https://nodejs.org/api/diagnostics_channel.html#child-process
    subscribe('child_process', () => {
      this.#children += 1
    })
  }

  /** Whether nothing is: no program was ever started here, nothing is under way, and the process has hardly grown. */
  async none(): Promise<boolean> {
    await new Promise<void>((resolve) => setImmediate(resolve)) // what has just ended is counted until then
    const hasPrograms = this.#children > 0 || programsBegun() > 0
    return !hasPrograms && !this.#isAtWork() && process.memoryUsage.rss() - this.#bytes < mostGrowth
  }

  /** Timers, sockets, files and so on that were not there at first. */
  #isAtWork(): boolean {
    const now = count(process.getActiveResourcesInfo())
    return [...now].some(([kind, times]) => times > (this.#resources.get(kind) ?? 0))
  }
}

function count(kinds: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
