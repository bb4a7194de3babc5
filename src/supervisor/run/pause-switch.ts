import type { TaskId } from '../../ids.ts'

/** What can stand still. */
export interface Pausable {
  /** Answers with how many processes stand still now. */
  pause(): number
  goOn(): void
  /** Takes away what stands still, as it is. */
  kill(): void
}

/** From the run to whoever carries an attempt out: stand still, go on, or end to begin anew. */
export class PauseSwitch {
  #doing: Pausable | null = null
  #onto: TaskId | null = null

  /** The task from whose work the next attempt begins; null where this one was not ended for that. */
  get onto(): TaskId | null {
    return this.#onto
  }

  /** @param doing null when there is nothing any more that could stand still */
  connect(doing: Pausable | null): void {
    this.#doing = doing
  }

  pause(): number {
    return this.#doing?.pause() ?? 0
  }

  goOn(): void {
    this.#doing?.goOn()
  }

  rebase(onto: TaskId): void {
    this.#onto = onto
    this.#doing?.kill()
  }
}
