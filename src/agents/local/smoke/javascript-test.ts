import { posix } from 'node:path'
import type { PublicSymbol } from '../symbols/symbol.ts'
import { hasFolder } from '../workspace.ts'
import { packageFolder } from './find-framework.ts'
import type { Framework } from './framework.ts'
import { advice, callables, markOf, type Subject, type TestFile } from './test-file.ts'

/** How a test is written for one framework. */
interface Style {
  readonly esm: readonly string[]
  /** The same for a CommonJS module; null where the framework itself wants ES modules. */
  readonly commonjs: readonly string[] | null
  readonly test: (title: string, value: string) => readonly string[]
}

const expects = (title: string, value: string): readonly string[] => [
  `test(${title}, () => {`,
  `  expect(typeof ${value}).toBe('function')`,
  '})',
]
const asserts = (word: string) => (title: string, value: string) => [
  `${word}(${title}, () => {`,
  `  assert.equal(typeof ${value}, 'function')`,
  '})',
]
const assertEsm = "import assert from 'node:assert/strict'"
const assertCommonjs = "const assert = require('node:assert/strict')"

const styles: Readonly<Record<Exclude<Framework, 'pytest' | 'unittest'>, Style>> = {
  vitest: { esm: ["import { expect, test } from 'vitest'"], commonjs: null, test: expects },
  jest: { esm: [], commonjs: [], test: expects },
  tap: {
    esm: ["import t from 'tap'"],
    commonjs: ["const t = require('tap')"],
    test: (title, value) => [`t.test(${title}, async (t) => {`, `  t.equal(typeof ${value}, 'function')`, '})'],
  },
  mocha: { esm: [assertEsm], commonjs: [assertCommonjs], test: asserts('it') },
  'node:test': {
    esm: [assertEsm, "import { test } from 'node:test'"],
    commonjs: [assertCommonjs, "const { test } = require('node:test')"],
    test: asserts('test'),
  },
}

/** A smoke test in JavaScript or TypeScript: `<module>.smoke.test.<ext>` in the package's test folder, else beside the module. */
export async function javascriptTest(subject: Subject): Promise<TestFile> {
  const { directory, file } = subject
  const folder = await testFolder(subject, await packageFolder(directory, file))
  const extension = posix.extname(file)
  const stem = posix.basename(file, extension)
  const whole = file.slice(0, -extension.length).replaceAll('/', '-')
  const mark = `// ${markOf(file)}`
  return {
    places: [stem, whole].map((name) => posix.join(folder, `${name}.smoke.test${extension.replace('x', '')}`)),
    mark,
    render: (place) => [mark, `// ${advice}`, ...body(subject, place), ''].join('\n'),
  }
}

async function testFolder({ directory, file, framework }: Subject, folder: string): Promise<string> {
  for (const name of ['test', 'tests', '__tests__']) {
    if (await hasFolder(directory, posix.join(folder, name))) return posix.join(folder, name)
  }
  // mocha looks nowhere else by itself
  return framework === 'mocha' ? posix.join(folder, 'test') : posix.dirname(file)
}

function body({ file, module, framework }: Subject, place: string): readonly string[] {
  if (framework === 'pytest' || framework === 'unittest') return []
  const style = styles[framework]
  const path = posix.relative(posix.dirname(place), file)
  const relative = path.startsWith('.') ? path : `./${path}`
  return [
    ...(module.system === 'commonjs' && style.commonjs !== null ? style.commonjs : style.esm),
    ...importOf(relative, module.system === 'commonjs', style.commonjs === null),
    ...callables(module).flatMap((symbol) => ['', ...style.test(titleOf(symbol, file), valueOf(symbol))]),
  ]
}

function importOf(path: string, isCommonjs: boolean, mustImport: boolean): readonly string[] {
  if (isCommonjs && !mustImport) return [`const subject = require(${quoted(path)})`]
  // an ES specifier is a URL
  const specifier = quoted(path.replace(/[%#?]/g, encodeURIComponent))
  if (isCommonjs) return [`import subject from ${specifier}`]
  const isTyped = /\.[mc]?tsx?$/.test(path)
  return [
    ...(isTyped ? ['// @ts-ignore: Node needs the extension, some compiler settings refuse it'] : []),
    `import * as subject from ${specifier}`,
  ]
}

const titleOf = ({ kind, name }: PublicSymbol, file: string): string =>
  quoted(`${posix.basename(file)} exports ${name}, a ${kind}`)

const valueOf = ({ name }: PublicSymbol): string => (name === 'module.exports' ? 'subject' : `subject.${name}`)

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
