import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Whether `dist` is there and newer than everything it is made from; a package has nothing else. */
export function isBuilt() {
  const built = `${root}dist/cli/main.js`
  const sources = `${root}src`
  if (!existsSync(sources)) return true
  if (!existsSync(built)) return false
  const since = statSync(built).mtimeMs
  const isOlder = (path) => statSync(path).mtimeMs < since
  // folders too: a file that was taken away changes them
  const inputs = [sources, `${root}package-lock.json`, ...readdirSync(sources, { recursive: true }).map((name) => `${sources}/${name}`)]
  return inputs.every(isOlder)
}
