import { posix } from 'node:path'
import * as z from 'zod'
import type { Family } from '../grammar.ts'
import { readOptional, selectSources } from '../workspace.ts'
import type { Framework } from './framework.ts'

/** How many test files are read to see what they import, at most. */
const testFilesRead = 50

/** The project's own test framework, by its files: what it configures, what it requires, what its tests import. */
export const findFramework = (directory: string, file: string, family: Family): Promise<Framework> =>
  family === 'python' ? pythonFramework(directory) : javascriptFramework(directory, file)

async function pythonFramework(directory: string): Promise<Framework> {
  const signs: readonly (readonly [file: string, sign: RegExp])[] = [
    ['pytest.ini', /^/],
    ['conftest.py', /^/],
    ['tests/conftest.py', /^/],
    ['pyproject.toml', /\bpytest\b/],
    ['setup.cfg', /\bpytest\b/],
    ['tox.ini', /\bpytest\b/],
    ['requirements.txt', /^pytest\b/m],
    ['requirements-dev.txt', /^pytest\b/m],
    ['requirements-test.txt', /^pytest\b/m],
    ['dev-requirements.txt', /^pytest\b/m],
  ]
  for (const [file, sign] of signs) {
    const text = await readOptional(directory, file)
    if (text !== null && sign.test(text)) return 'pytest'
  }
  const { files } = await selectSources(directory, ['tests', 'test'], testFilesRead)
  for (const file of files) {
    if (/^\s*(?:import|from)\s+pytest\b/m.test((await readOptional(directory, file)) ?? '')) return 'pytest'
  }
  return 'unittest'
}

const manifestSchema = z.object({
  scripts: z.record(z.string(), z.string()).catch({}),
  dependencies: z.record(z.string(), z.unknown()).catch({}),
  devDependencies: z.record(z.string(), z.unknown()).catch({}),
})

const runners = ['vitest', 'jest', 'tap', 'mocha'] as const

async function javascriptFramework(directory: string, file: string): Promise<Framework> {
  const text = await readOptional(directory, posix.join(await packageFolder(directory, file), 'package.json'))
  const manifest = manifestSchema.safeParse(parsedOrNull(text ?? ''))
  if (!manifest.success) return 'node:test'
  const { scripts, dependencies, devDependencies } = manifest.data
  const script = scripts['test'] ?? ''
  if (/\bnode\b.*--test\b/.test(script)) return 'node:test'
  const called = runners.find((runner) => new RegExp(`\\b${runner}\\b`).test(script))
  return called ?? runners.find((runner) => runner in dependencies || runner in devDependencies) ?? 'node:test'
}

/** The folder of the package a file belongs to: the nearest above it with a package.json, else the workspace. */
export async function packageFolder(directory: string, file: string): Promise<string> {
  let folder = posix.dirname(file)
  while (folder !== '.' && (await readOptional(directory, posix.join(folder, 'package.json'))) === null) {
    folder = posix.dirname(folder)
  }
  return folder
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
