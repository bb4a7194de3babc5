import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Repository } from './repository.ts'

/** Keeps git from seeing `.agents` through `info/exclude`, unless it is ignored already. The user's own files are not touched. */
export async function excludeAgentsFolder({ git, commonDirectory }: Repository): Promise<void> {
  const { exitCode } = await git.run(['check-ignore', '--quiet', '.agents/runs/any'], { accept: [0, 1] })
  if (exitCode === 0) return
  const path = join(commonDirectory, 'info', 'exclude')
  const before = await readFile(path, 'utf8').catch(() => '')
  await mkdir(dirname(path), { recursive: true })
  const newline = before === '' || before.endsWith('\n') ? '' : '\n'
  await appendFile(path, `${newline}/.agents/\n`)
}
