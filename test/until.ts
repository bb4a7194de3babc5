import { existsSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/**
 * Waits for what another process does and no event tells. It looks a hundred times a second, so that the processors are there for
 * what is waited for; the test file's time limit is the bound.
 */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setTimeout(10)
}

/** Whether somebody has written something into a file. */
export const isWritten = (path: string): boolean => existsSync(path) && statSync(path).size > 0
