import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Worktree } from './worktree.ts'

/** Whether a file of a worktree may have attributes (gitattributes(5)), by the files that give them. */
export function mayHaveAttributes({ directory, adminDirectory }: Worktree, path: string): boolean {
  const home = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  const everywhere = [join(dirname(dirname(adminDirectory)), 'info/attributes'), join(home, 'git/attributes')]
  const above = path.split('/').map((_, depth, parts) => join(directory, ...parts.slice(0, depth), '.gitattributes'))
  return [...everywhere, '/etc/gitattributes', ...above].some((file) => existsSync(file))
}
