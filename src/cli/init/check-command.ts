/** A command that most likely runs the tests of a repository with these files at its root. */
export function checkCommand(paths: readonly string[], read: (path: string) => string): string {
  const there = new Set(paths)
  if (there.has('package.json') && hasTestScript(() => read('package.json'))) return 'npm test'
  const found = known.find(({ file }) => there.has(file))
  return found?.command ?? 'make test'
}

const known: readonly { readonly file: string; readonly command: string }[] = [
  { file: 'pyproject.toml', command: 'python3 -m pytest' },
  { file: 'setup.py', command: 'python3 -m pytest' },
  { file: 'requirements.txt', command: 'python3 -m pytest' },
  { file: 'Cargo.toml', command: 'cargo test' },
  { file: 'go.mod', command: 'go test ./...' },
  { file: 'package.json', command: 'node --test' },
]

function hasTestScript(read: () => string): boolean {
  try {
    const { scripts } = JSON.parse(read()) as { readonly scripts?: { readonly test?: unknown } }
    return typeof scripts?.test === 'string'
  } catch {
    return false
  }
}
