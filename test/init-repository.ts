import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let made: string | null = null

/** `git init` in a folder that is there, by a copy of what git has made once in this process: a test file makes dozens. */
export function initRepository(directory: string): void {
  made ??= make()
  cpSync(made, join(directory, '.git'), { recursive: true })
}

function make(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-init-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'main', '--template=', folder], { stdio: 'pipe' })
  const repository = join(folder, '.git')
  for (const name of ['hooks', 'info']) mkdirSync(join(repository, name), { recursive: true })
  return repository
}
