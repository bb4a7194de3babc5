import type { EarlyCheckRequest, EarlyVerdict } from '../../actors/aggregator-api.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { Clock } from '../../clock.ts'
import type { Recorded, RunEvent } from './events.ts'

/** Checks what tasks have written so far while they still work. */
export interface EarlyChecks {
  /** What an earlier supervisor has told is not told again, and is taken back when it no longer holds. */
  restore(records: readonly Recorded[]): void
  /** Told of all that is completed or under way, whenever it has changed. */
  changed(changeSets: readonly ChangeSet[]): void
  /** Ends what is under way; nothing is recorded any more. */
  stop(): Promise<void>
}

interface EarlyChecksParts extends Pick<EarlyCheckRequest, 'checks' | 'prepare'> {
  readonly clock: Clock
  readonly check: (request: EarlyCheckRequest) => Promise<EarlyVerdict>
  /** Ends a check under way. */
  readonly cancel: () => Promise<void>
  readonly record: (event: RunEvent) => Promise<void>
}

/** How long nothing must have been written before it is worth a check, in milliseconds, */
const calmMs = 2_000
/** but no longer than this after the first change. */
const latestMs = 20_000

/** One at a time, after calm, each followed by a pause as long as itself. */
export function openEarlyChecks(parts: EarlyChecksParts): EarlyChecks {
  return parts.checks.length === 0 ? { restore() {}, changed() {}, stop: () => Promise.resolve() } : new Checking(parts)
}

class Checking implements EarlyChecks {
  readonly #parts: EarlyChecksParts
  /** By check, the tasks that were told to break it together. */
  readonly #told = new Map<string, string>()
  #latest: readonly ChangeSet[] = []
  #checked = ''
  #firstMs: number | null = null
  #freeMs = 0
  #underWay: Promise<void> | null = null
  #cancelTimer = (): void => {}
  #isStopped = false

  constructor(parts: EarlyChecksParts) {
    this.#parts = parts
  }

  restore(records: readonly Recorded[]): void {
    for (const { event } of records) {
      if (event.type === 'early-check-failed') this.#told.set(event.check, event.tasks.join())
      if (event.type === 'early-check-passed') this.#told.delete(event.check)
    }
  }

  changed(changeSets: readonly ChangeSet[]): void {
    this.#latest = changeSets
    this.#plan()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer()
    if (this.#underWay === null) return
    await this.#parts.cancel().catch(() => {})
    await this.#underWay
  }

  #plan(): void {
    const { clock } = this.#parts
    if (this.#isStopped || this.#underWay !== null || this.#latest.length < 2 || idOf(this.#latest) === this.#checked)
      return
    const now = clock.monotonic()
    this.#firstMs ??= now
    const dueMs = Math.max(this.#freeMs, Math.min(now + calmMs, this.#firstMs + latestMs))
    this.#cancelTimer()
    this.#cancelTimer = clock.after(Math.max(0, dueMs - now), () => {
      this.#underWay = this.#check()
    })
  }

  async #check(): Promise<void> {
    const { clock, check, checks, prepare } = this.#parts
    const startedMs = clock.monotonic()
    const changeSets = this.#latest
    this.#firstMs = null
    this.#checked = idOf(changeSets)
    try {
      const verdict = await check({ changeSets, checks, prepare })
      if (!this.#isStopped) await this.#tell(verdict)
    } catch {
      // the proposal is checked in any case
    }
    this.#freeMs = clock.monotonic() * 2 - startedMs
    this.#underWay = null
    this.#plan()
  }

  /** What was told is not told again, and is taken back when the check passes. */
  async #tell({ passed, failed }: EarlyVerdict): Promise<void> {
    for (const { check, tasks, output } of failed) {
      if (this.#told.get(check) === tasks.join()) continue
      this.#told.set(check, tasks.join())
      await this.#parts.record({ type: 'early-check-failed', check, tasks, output })
    }
    for (const check of passed) {
      if (this.#told.delete(check)) await this.#parts.record({ type: 'early-check-passed', check })
    }
  }
}

const idOf = (changeSets: readonly ChangeSet[]): string => changeSets.map(({ commit }) => commit).join()
