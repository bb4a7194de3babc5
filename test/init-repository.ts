import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

/** `git init` in a folder that is there, by a copy of what git has made once in this process: a test file makes dozens. */
export function initRepository(directory: string): void {
  cpSync(made[0] ?? make(), join(directory, '.git'), { recursive: true })
}

function make(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-init-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'main', '--template=', folder], { stdio: 'pipe' })
  const repository = join(folder, '.git')
  for (const name of ['hooks', 'info']) mkdirSync(join(repository, name), { recursive: true })
  made.push(repository)
  return repository
}
