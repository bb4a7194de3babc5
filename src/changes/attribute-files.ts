import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gitSettingsFolder } from '../home-folder.ts'
import type { Worktree } from './worktree.ts'

/** Whether a file of a worktree may have attributes (gitattributes(5)), by the files that give them. */
export function mayHaveAttributes({ directory, adminDirectory }: Worktree, path: string): boolean {
  const ofUser = join(gitSettingsFolder(process.env), 'attributes')
  const everywhere = [join(dirname(dirname(adminDirectory)), 'info/attributes'), ofUser]
  const above = path.split('/').map((_, depth, parts) => join(directory, ...parts.slice(0, depth), '.gitattributes'))
  return [...everywhere, '/etc/gitattributes', ...above].some((file) => existsSync(file))
}
