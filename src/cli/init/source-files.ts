import { extname } from 'node:path'
import { pathMistake } from '../../plan/repository-path.ts'

/** What the local agent can read. */
const extensions = new Set(['.py', '.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx'])
const notSource =
  /(?:^|\/)(?:tests?|__tests__|spec|fixtures?|examples?|scripts|docs|vendor|node_modules|dist|build|\.[^/]*)\/|(?:^|\/)(?:test_[^/]*|conftest\.py|setup\.py|__init__\.py|[^/]*[._](?:test|spec|config)\.\w+|[^/]*\.d\.[cm]?ts|[^/]*\.min\.js|\.[^/]*)$/

/** The few source files of a repository that a first manifest is about: those nearest to the root, by name. */
export function sourceFiles(paths: readonly string[], most: number): readonly string[] {
  return paths
    .filter((path) => extensions.has(extname(path)) && !notSource.test(path) && pathMistake(path) === null)
    .toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .slice(0, most)
}

const depth = (path: string): number => path.split('/').length
