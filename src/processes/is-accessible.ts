import { accessSync } from 'node:fs'

/** Whether this process may do with a file what `mode` says (fs.constants, as of access(2)). */
export function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
