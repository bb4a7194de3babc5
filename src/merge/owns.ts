import { posix } from 'node:path'

/**
 * The files that none of a task's `owns` globs covers.
 * @param owns Globs relative to the repository's root with forward slashes; `null` covers everything. `src/` stands for
 *   `src/**`, and unlike in a shell a wildcard covers names that begin with a dot.
 */
export function filesOutside(owns: readonly string[] | null, files: readonly string[]): readonly string[] {
  if (owns === null) return []
  const globs = owns.map((glob) => plain(glob.replace(/^\.\//, '').replace(/\/$/, '/**')))
  return files.filter((file) => !globs.some((glob) => posix.matchesGlob(plain(file), glob)))
}

// matchesGlob hides names with a leading dot from wildcards: stand in a letter for the dot, on both sides
const plain = (path: string): string => path.replaceAll(/(?<=^|[/{,(|])\./g, '\u{E000}')
