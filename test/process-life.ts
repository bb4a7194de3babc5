import { readFileSync } from 'node:fs'
import { until } from './until.ts'

/** Resolves when a killed process is gone; the test file's time limit is the bound. */
export async function gone(pid: number): Promise<void> {
  await until(() => !isAlive(pid))
}

/** A zombie counts as gone: only its parent has still to read how it ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
