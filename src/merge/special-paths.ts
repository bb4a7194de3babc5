import type { Git } from '../changes/git.ts'

/**
 * Those of these paths that are not merged as plain texts: with a driver, `binary` or `-merge` by the user's attributes
 * (gitattributes(5)); all of them where a driver is configured for everything.
 */
export async function specialPaths(git: Git, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set()
  const input = paths.map((path) => `${path}\0`).join('')
  const [attributes, configured] = await Promise.all([
    git.text(['check-attr', '-z', '--stdin', 'merge'], { input }),
    git.run(['config', '--get', 'merge.default'], { accept: [0, 1] }),
  ])
  if (configured.exitCode === 0) return new Set(paths)
  const fields = attributes.split('\0')
  return new Set(paths.filter((_, at) => !plain.has(fields[at * 3 + 2] ?? '')))
}

/** Git merges these as text. */
const plain = new Set(['unspecified', 'set', 'text'])
