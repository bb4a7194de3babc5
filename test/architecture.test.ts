import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')
const sources = filesUnder(join(root, 'src')).filter((file) => file.endsWith('.ts'))

/** Which rooms a room may import from, besides itself; `src` stands for the leaves beside the rooms. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  src: [],
  processes: ['src'],
  plan: ['src'],
  store: ['src'],
  changes: ['src', 'processes'],
  syntax: ['src'],
  agents: ['src', 'processes', 'syntax', 'plan'],
  merge: ['src', 'processes', 'syntax', 'agents', 'changes'],
  actors: ['src', 'processes', 'agents', 'changes', 'merge', 'store'],
  supervisor: ['src', 'processes', 'plan', 'agents', 'changes', 'merge', 'store', 'actors'],
  monitor: ['src', 'plan', 'agents', 'merge', 'store', 'supervisor'],
  bench: [
    '..', // it measures the program, which lies above
    'src',
    'processes',
    'syntax',
    'plan',
    'agents',
    'changes',
    'merge',
    'store',
    'actors',
    'supervisor',
    'monitor',
    'cli',
  ],
  cli: ['src', 'processes', 'plan', 'agents', 'changes', 'merge', 'store', 'actors', 'supervisor', 'monitor'],
}

/** The only places that may know a package. */
const homes: Readonly<Record<string, RegExp>> = {
  '@agentclientprotocol/sdk': /^agents\/acp\//,
  piscina: /^(actors\/hosts\/thread|bench\/overhead\/)/,
  comlink: /^actors\//,
  fastq: /^supervisor\/mailbox\.ts$/,
  'proper-lockfile': /^(store|bench\/writes)\//,
  pino: /^log\.ts$/,
  '@lydell/node-pty': /^processes\/pty-launcher\.ts$/,
  zod: /^(plan|agents|bench\/overhead)\//,
  yaml: /^(plan|merge\/keyed)\//,
  commander: /^cli\//,
  '@ast-grep/napi': /^syntax\//,
  '@ast-grep/lang-go': /^syntax\//,
  '@ast-grep/lang-python': /^syntax\//,
  ai: /^agents\/model\//,
  '@ai-sdk/openai-compatible': /^agents\/model\/language-model\.ts$/,
  '@ai-sdk/anthropic': /^agents\/model\/language-model\.ts$/,
  'fastest-levenshtein': /^plan\//,
  'string-argv': /^plan\//,
}

interface Import {
  readonly from: string
  readonly to: string
}

void t.test('every import between rooms goes down', async (t) => {
  for (const { from, to } of importsOf(sources)) {
    if (!to.startsWith('.')) continue
    const target = relative(join(root, 'src'), resolve(root, 'src', dirname(from), to))
    if (roomOf(from) === roomOf(target)) continue
    const fine = (allowed[roomOf(from)] ?? []).includes(roomOf(target))
    if (!fine) t.fail(`${from} (${roomOf(from)}) must not import ${target} (${roomOf(target)})`)
  }
  t.ok(sources.length > 50, 'the sources were read')
})

void t.test('a package has one home', async (t) => {
  for (const { from, to } of importsOf(sources)) {
    if (homes[to]?.test(from) === false) t.fail(`${from} must not know ${to}`)
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  t.same(Object.keys(dependencies).toSorted(), Object.keys(homes).toSorted(), 'and every dependency has one')
})

void t.test('only changes/git.ts names the git program', async (t) => {
  for (const file of sources) {
    const name = nameOf(file)
    if (name === 'changes/git.ts') continue
    const text = readFileSync(file, 'utf8')
    if (/(?:spawn|spawnSync|execFile|execFileSync|exec|execSync)\(\s*['"]git['"]/.test(text)) t.fail(`${name} runs git`)
  }
})

void t.test('pure files import nothing of the system and read no clock', async (t) => {
  const pure =
    /^(plan\/|supervisor\/quota\/budget|supervisor\/tree\/transition|supervisor\/run\/(state|decide|schedule|events|release|stop|after-failure|task-change|rules|leftist-heap|persistent-vector)\.ts|monitor\/rows)/
  for (const file of sources.filter((source) => pure.test(nameOf(source)))) {
    const text = readFileSync(file, 'utf8')
    if (/from 'node:|Date\.now|performance\.now|Math\.random|process\./.test(text))
      t.fail(`${nameOf(file)} is not pure`)
  }
})

void t.test('no file of src is over 300 lines, and none is called utils, helpers or common', async (t) => {
  for (const file of sources) {
    const lines = readFileSync(file, 'utf8').split('\n').length
    if (lines > 301) t.fail(`${nameOf(file)} has ${lines} lines`)
    if (/(?:^|\/)(?:utils?|helpers?|common)(?:\.ts|\/)/.test(nameOf(file)))
      t.fail(`${nameOf(file)} is named for a kind`)
  }
})

void t.test('ARCHITECTURE.md has a line for every file of src, and no other', async (t) => {
  const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const listed = new Set([...map.matchAll(/^\| `src\/([^`]+\.ts)` \|/gm)].flatMap(([, name]) => name ?? []))
  const present = new Set(sources.map(nameOf))
  t.same([...present].filter((name) => !listed.has(name)).toSorted(), [], 'files without a line')
  t.same([...listed].filter((name) => !present.has(name)).toSorted(), [], 'lines without a file')
})

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function nameOf(file: string): string {
  return relative(join(root, 'src'), file)
}

function roomOf(name: string): string {
  return name.includes('/') ? (name.split('/')[0] ?? '') : 'src'
}

function importsOf(files: readonly string[]): readonly Import[] {
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    const found = text.matchAll(/^(?:import|export)[^'\n]*'([^']+)'|^\} from '([^']+)'|\bimport\('([^']+)'\)/gm)
    return [...found].map(([, plain, long, dynamic]) => ({ from: nameOf(file), to: plain ?? long ?? dynamic ?? '' }))
  })
}
