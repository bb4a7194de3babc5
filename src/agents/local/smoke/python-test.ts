import { posix } from 'node:path'
import type { PublicSymbol } from '../symbols/symbol.ts'
import { hasFolder, readOptional } from '../workspace.ts'
import { advice, callables, markOf, type Subject, type TestFile } from './test-file.ts'

/** A smoke test in Python: `tests/test_<module>_smoke.py` where there is a tests folder, else beside the module. */
export async function pythonTest(subject: Subject): Promise<TestFile> {
  const { directory, file } = subject
  const module = await importedAs(directory, file)
  const folder = (await hasFolder(directory, 'tests')) ? 'tests' : posix.dirname(file)
  const words = module.name.split('.')
  const mark = `# ${markOf(file)}`
  return {
    places: [words.slice(-1), words].map((parts) => posix.join(folder, `test_${identifier(parts.join('_'))}_smoke.py`)),
    mark,
    render: (place) => [mark, `# ${advice}`, ...body(subject, module, place), ''].join('\n'),
  }
}

interface Imported {
  /** Dotted name. */
  readonly name: string
  /** The folder in which the name is looked for, relative to the workspace. */
  readonly root: string
}

/** A module's package reaches up as far as there are `__init__.py` files. */
async function importedAs(directory: string, file: string): Promise<Imported> {
  const stem = posix.basename(file, '.py')
  const names = stem === '__init__' ? [] : [stem]
  let root = posix.dirname(file)
  while (root !== '.' && (await readOptional(directory, posix.join(root, '__init__.py'))) !== null) {
    names.unshift(posix.basename(root))
    root = posix.dirname(root)
  }
  return { name: names.join('.') || stem, root }
}

function body(subject: Subject, module: Imported, place: string): readonly string[] {
  const isPytest = subject.framework === 'pytest'
  const up = (folder: string): string => JSON.stringify(posix.relative(posix.dirname(place), folder) || '.')
  const roots = [...new Set(['.', module.root])].map(up)
  return [
    'import importlib',
    'import sys',
    ...(isPytest ? [] : ['import unittest']),
    'from pathlib import Path',
    ...(isPytest ? ['', 'import pytest'] : []),
    '',
    `for folder in [${roots.join(', ')}]:`,
    '    sys.path.insert(0, str((Path(__file__).parent / folder).resolve()))',
    '',
    '',
    ...(isPytest ? pytestCases : unittestCases)(callables(subject.module), module.name),
  ]
}

function pytestCases(symbols: readonly PublicSymbol[], module: string): readonly string[] {
  return [
    '@pytest.fixture(name="module", scope="module")',
    'def imported_module():',
    `    return importlib.import_module(${JSON.stringify(module)})`,
    ...symbols.flatMap((symbol) => [
      '',
      '',
      `def ${caseName(symbol)}(module):`,
      symbol.kind === 'class'
        ? `    assert isinstance(module.${symbol.name}, type)`
        : `    assert callable(module.${symbol.name})`,
    ]),
  ]
}

function unittestCases(symbols: readonly PublicSymbol[], module: string): readonly string[] {
  return [
    `class ${camelCase(module)}SmokeTest(unittest.TestCase):`,
    '    @classmethod',
    '    def setUpClass(cls):',
    `        cls.module = importlib.import_module(${JSON.stringify(module)})`,
    ...symbols.flatMap((symbol) => [
      '',
      `    def ${caseName(symbol)}(self):`,
      symbol.kind === 'class'
        ? `        self.assertIsInstance(self.module.${symbol.name}, type)`
        : `        self.assertTrue(callable(self.module.${symbol.name}))`,
    ]),
    '',
    '',
    'if __name__ == "__main__":',
    '    unittest.main()',
  ]
}

const caseName = ({ kind, name }: PublicSymbol): string =>
  `test_${name}_is_${kind === 'class' ? 'a_class' : 'callable'}`

const identifier = (text: string): string => text.replace(/\W/g, '_')

const camelCase = (text: string): string =>
  text
    .replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^(?=\d)/, 'Module')
