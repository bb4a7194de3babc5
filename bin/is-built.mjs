import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Whether `dist` is there and newer than each file that it was made from; a package has nothing else. */
export function isBuilt() {
  const madeFrom = `${root}dist/sources.txt`
  if (!existsSync(`${root}src`)) return true
  if (!existsSync(madeFrom)) return false
  const since = statSync(madeFrom).mtimeMs
  const names = readFileSync(madeFrom, 'utf8').split('\n')
  return names.every((name) => (statSync(root + name, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < since)
}
