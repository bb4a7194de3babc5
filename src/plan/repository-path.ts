/** What is wrong with a path that should lie inside the repository; null when nothing is. */
export function pathMistake(path: string): string | null {
  if (path === '') return 'must not be empty'
  if (path.includes('\0')) return 'must not hold a NUL character'
  if (path.includes('\\')) return 'must use forward slashes'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'must be relative to the repository: it is absolute'
  if (climbs(path)) return 'must stay inside the repository'
  if (isOfGit(path)) return "must lie outside .git, which is git's own"
  return null
}

/** A path without `./`, `..`, doubled slashes and a slash at its end; the root is `.`. */
export function normalPath(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.length === 0 ? '.' : steps.join('/')
}

/** A glob as `normalPath` has it; one that ends in a slash stands for all below. */
export const normalGlob = (glob: string): string => (glob.endsWith('/') ? normalPath(`${glob}/**`) : normalPath(glob))

/** Some file systems do not tell `.GIT` from `.git`; a submodule has one of its own. */
const isOfGit = (path: string): boolean => path.split('/').some((step) => step.toLowerCase() === '.git')

function climbs(path: string): boolean {
  let depth = 0
  for (const step of path.split('/')) {
    if (step === '..') depth -= 1
    else if (step !== '' && step !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}
