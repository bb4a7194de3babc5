/**
 * Whether `dist` is there and newer than each file that it was made from; a package has nothing else.
 * @param list names the files, in `dist`; all by default
 */
export function isBuilt(list = 'sources.txt') {
  // an import would make Node load all that these modules offer, which takes 6 ms
  const { existsSync, readFileSync, statSync } = process.getBuiltinModule('node:fs')
  const root = process.getBuiltinModule('node:url').fileURLToPath(new URL('..', import.meta.url))
  const madeFrom = `${root}dist/${list}`
  if (!existsSync(`${root}src`)) return true
  if (!existsSync(madeFrom)) return false
  const since = statSync(madeFrom).mtimeMs
  const names = readFileSync(madeFrom, 'utf8').split('\n')
  return names.every((name) => (statSync(root + name, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < since)
}
