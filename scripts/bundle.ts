import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { isBuilt } from '../bin/is-built.mjs'

// makes dist, unless it is there: the program, its workers and the library in fewer and larger files than the sources are

const sources = resolve('src')

/** What is loaded by its place: each keeps it, beside what it looks for there. */
const entries = [
  'cli/main',
  'cli/doctor/probe-actor',
  'actors/hosts/thread-entry',
  'actors/hosts/process-entry',
  'actors/agent-actor',
  'actors/aggregator-actor',
  'actors/models-actor',
  'agents/works',
  'agents/sandbox/forwarder',
  'supervisor/library',
]

/** Shares no process with the others: in one file, which loads sooner than many. */
const alone = ['cli/fold-main']

/** What the benchmarks measure in a process of its own; apart, so that what people start is in no more files for it. */
const measured = ['bench/overhead/trial-entry', 'bench/overhead/empty-kinds-entry']

/** Native addons, and what starts workers from a file of its own. */
const external = ['@ast-grep/*', '@lydell/node-pty', 'piscina']

/** A module says where it was before it was bundled, so that what it looks for beside itself is found. */
const places: Plugin = {
  name: 'places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const own = relative(sources, path).replace(/\.ts$/, '.js')
      const place = `(troupeDist + ${JSON.stringify(own)})`
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place), loader: 'ts' }
    }),
}
/** Its messages in some fifty languages, of which one is asked for, are two fifths of zod. */
const inOneLanguage: Plugin = {
  name: 'in-one-language',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js'`,
    })),
}
const banner = `const troupeDist = import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6)`

/**
 * Takes Node's own modules without an import, which would make Node read, and so load, everything that they offer. Packages that ask for
 * a module by themselves get a `require`.
 */
function withQuickBuiltins(code: string): string {
  const imported = /^import (?:(\w+)(?:, )?)?(?:\{\s*([^}]*?),?\s*\})? ?from "(node:[\w/]+)";$/gm
  const direct = code.replaceAll(imported, (...match) => {
    const [whole, names, from = ''] = match.slice(1, 4) as (string | undefined)[]
    const bound = names === undefined ? '' : `const { ${names.replaceAll(' as ', ': ')} } = ${named(from, names)};`
    return whole === undefined ? bound : `const ${whole} = ${late(from, '$')}; ${bound}`
  })
  if (/^(?:import\b.*|\} )from "node:|^const \{.*\bdefault: .*getBuiltinModule/m.test(direct))
    throw new Error('an import of one of the modules of Node is of no form that is known')
  if (!/\brequire\b/.test(direct)) return direct
  return `const require = globalThis.process.getBuiltinModule('node:module').createRequire(import.meta.url)\n${direct}`
}

/** One of Node's modules; where only some of its functions are wanted, it is loaded when one of them is called. */
function named(from: string, names: string): string {
  const wanted = names.split(/,\s*/).map((name) => name.replace(/ as .*/, ''))
  const isLate = wanted.every((name) => calledLate[from]?.includes(name) ?? false)
  return isLate ? late(from, '(...given) => $(...given)') : moduleOf(from)
}

const moduleOf = (from: string): string => `globalThis.process.getBuiltinModule("${from}")`

/** A module that is loaded when something of it (`$`) is asked for. */
const late = (from: string, made: string): string =>
  `new Proxy({}, { get: (_, name) => ${made.replace('$', `${moduleOf(from)}[name]`)} })`

/** Functions, by modules that take milliseconds to load. */
const calledLate: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['fork', 'spawn', 'spawnSync'],
  'node:crypto': ['createHash', 'randomUUID'],
}

async function bundle(): Promise<void> {
  const began = new Date()
  rmSync('dist', { recursive: true, force: true })
  const shared = await bundleOf(entries, true)
  const fold = await bundleOf(alone, false)
  const bench = await bundleOf(measured, true)
  for (const { path, text } of [shared, fold, bench].flatMap(({ outputFiles }) => outputFiles)) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, withQuickBuiltins(text))
  }
  mkdirSync('dist/processes', { recursive: true })
  for (const script of globSync('src/processes/*.pl')) copyFileSync(script, script.replace('src', 'dist'))
  const ofFold = Object.keys(fold.metafile.inputs)
  const inputs = [...new Set([shared, fold, bench].flatMap(({ metafile }) => Object.keys(metafile.inputs)))]
  writeFileSync('dist/licences.txt', licencesOf(inputs))
  // the list of all comes last: whoever finds it finds the rest
  for (const [list, madeFrom] of [
    ['dist/fold-sources.txt', ofFold],
    ['dist/sources.txt', inputs],
  ] as const) {
    writeFileSync(list, sourcesIn(madeFrom).join('\n'))
    // a source that was written meanwhile is newer
    utimesSync(list, began, began)
  }
}

/** @param splitting whether what entries share is put into files of its own */
const bundleOf = async (names: readonly string[], splitting: boolean) =>
  await build({
    entryPoints: names.map((name) => `src/${name}.ts`),
    bundle: true,
    splitting,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outdir: 'dist',
    outbase: 'src',
    chunkNames: 'chunks/[name]-[hash]',
    external,
    plugins: [places, inOneLanguage],
    banner: { js: banner },
    metafile: true,
    write: false,
  })

/** What dist is made from; packages change with the lock. */
const sourcesIn = (inputs: readonly string[]): readonly string[] => [
  ...inputs.filter((path) => path.startsWith('src/')),
  ...globSync('src/processes/*.pl'),
  'package-lock.json',
  'scripts/bundle.ts',
]

/** The licences of the packages that were taken in. */
function licencesOf(inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [])
  return [...new Set(folders)]
    .toSorted()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
      const texts = globSync(`${folder}/{LICENSE,LICENCE,license}*`).map((path) => readFileSync(path, 'utf8').trim())
      return [`${name} ${version}, ${license}`, ...texts].join('\n\n')
    })
    .join('\n\n---\n\n')
}

if (!isBuilt()) await bundle()
