/** What kind of file a path names, as far as merging it is concerned. */
export type FileKind =
  | 'source'
  | 'manifest'
  | 'lock'
  | 'changelog'
  | 'automation'
  | 'settings'
  | 'records'
  | 'words'
  | 'other'

/** Languages whose lines are read more closely. */
export type Language = 'typescript' | 'javascript' | 'json' | 'python' | 'go' | 'yaml' | 'toml' | 'markdown'

/** What a path tells of its file. */
export interface FileFacts {
  readonly path: string
  readonly kind: FileKind
  readonly language: Language | null
}

/** What a path, with slashes, tells of its file. */
export function fileFacts(path: string): FileFacts {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : ''
  const language = languages[extension] ?? null
  return { path, kind: isRecords(name, extension) ? 'records' : kindOf(path, name, extension), language }
}

const languages: Readonly<Record<string, Language>> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  json: 'json',
  jsonc: 'json',
  py: 'python',
  pyi: 'python',
  go: 'go',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  md: 'markdown',
  mdx: 'markdown',
}

/** What package managers write for themselves, by the usual names and endings. */
const locks = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'conda-lock.yml',
  'go.sum',
  'go.work.sum',
  'gradle.lockfile',
  'buildscript-gradle.lockfile',
  'bun.lockb',
  'package.resolved',
  'cartfile.resolved',
])
const isLock = (name: string): boolean => locks.has(name) || /.\.lock(?:\.json|\.hcl)?$/.test(name)

const manifests = new Set([
  'package.json',
  'cargo.toml',
  'pyproject.toml',
  'setup.cfg',
  'setup.py',
  'go.mod',
  'composer.json',
  'gemfile',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'libs.versions.toml',
  'pubspec.yaml',
  'mix.exs',
  'deno.json',
  'jsr.json',
  'lerna.json',
  'manifest.json',
])

const settings = new Set(['json', 'jsonc', 'yaml', 'yml', 'toml', 'ini', 'cfg', 'conf', 'properties', 'env'])
/** Files with an entry on each line. */
const records = new Set([
  'jsonl',
  'ndjson',
  'csv',
  'tsv',
  'hgtags',
  'mailmap',
  'gitignore',
  'dockerignore',
  'npmignore',
])
const recordNames = new Set(['authors', 'contributors', 'maintainers', 'codeowners'])
const words = new Set(['md', 'mdx', 'rst', 'txt', 'adoc'])

const isRecords = (name: string, extension: string): boolean =>
  records.has(extension) || recordNames.has(name.replace(/\.\w+$/, ''))

function kindOf(path: string, name: string, extension: string): FileKind {
  if (isLock(name)) return 'lock'
  if (manifests.has(name) || /^requirements.*\.txt$/.test(name)) return 'manifest'
  if (/^(?:changes|changelog|history|news|releases?)(?:\.|$)/.test(name)) return 'changelog'
  if (/^\.(?:github|circleci|gitlab)\//.test(path) || /^(?:\.travis|\.gitlab-ci|appveyor|azure-pipelines)\b/.test(name))
    return 'automation'
  if (settings.has(extension) || name.startsWith('.')) return 'settings'
  if (words.has(extension)) return 'words'
  return extension === '' ? 'other' : 'source'
}
