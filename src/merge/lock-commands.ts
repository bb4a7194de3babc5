/** The command by which a lock file is usually made anew from its manifest, nothing installed and no script run where that can be said. */
const commands: Readonly<Record<string, string>> = {
  'package-lock.json': 'npm install --package-lock-only --ignore-scripts',
  'npm-shrinkwrap.json': 'npm install --package-lock-only --ignore-scripts',
  'pnpm-lock.yaml': 'pnpm install --lockfile-only --ignore-scripts',
  'yarn.lock': 'yarn install --mode update-lockfile',
  'bun.lock': 'bun install --lockfile-only --ignore-scripts',
  'bun.lockb': 'bun install --lockfile-only --ignore-scripts',
  'cargo.lock': 'cargo update --workspace',
  'poetry.lock': 'poetry lock',
  'uv.lock': 'uv lock',
  'pdm.lock': 'pdm lock --update-reuse',
  'pipfile.lock': 'pipenv lock',
  'gemfile.lock': 'bundle lock',
  'composer.lock': 'composer update --no-install --no-scripts --minimal-changes',
  'go.sum': 'go mod tidy',
  'go.work.sum': 'go work sync',
  'flake.lock': 'nix flake lock',
  'pubspec.lock': 'dart pub get',
  'mix.lock': 'mix deps.get',
}

/** A line for sh that makes a lock file anew, in its own folder; null for a file that is none. */
export function lockCommand(path: string): string | null {
  const slash = path.lastIndexOf('/')
  const command = commands[path.slice(slash + 1).toLowerCase()] ?? null
  if (command === null || slash === -1) return command
  const folder = path.slice(0, slash)
  return `cd ${/^[\w./@-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", String.raw`'\''`)}'`} && ${command}`
}
