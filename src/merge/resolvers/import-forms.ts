import { byExtension, extensionOf } from './by-extension.ts'
import type { FileFacts, Language } from './file-facts.ts'
import { wordsOf } from './similarity.ts'

/** How a language writes lines that bring names in. */
export interface ImportForm {
  /** A whole line. */
  readonly line: RegExp
  /** The names that a line makes known, or what it is known by. */
  readonly namesIn: (line: string) => readonly string[]
  /** Whether a name may come from two places: what a line makes known there are no names, but all that is in a file or a space of names. */
  readonly mayRepeat: boolean
}

/** How lines of a file bring names in; null of a language that is not known. */
export function importFormOf({ path, language }: FileFacts): ImportForm | null {
  const extension = extensionOf(path)
  return (language === null ? undefined : byLanguage[language]) ?? forms.get(extension) ?? null
}

/** All words but those of the language and those that tell where from. */
function boundIn(line: string): readonly string[] {
  const bare = line.replaceAll(/(["']).*?\1/g, '').replace(/^\s*from\s+\S+/, '')
  return [...new Set(bare.match(/[A-Za-z_$][\w$]*/g))].filter((name) => !words.has(name))
}

const words = new Set(['import', 'from', 'as', 'type', 'export', 'default', 'const', 'let', 'var', 'require'])

const bound = { namesIn: boundIn, mayRepeat: false }
const script: ImportForm = {
  ...bound,
  line: /^\s*(?:import\b.*|export\b.*\bfrom\b.*|(?:const|let|var)\s.*=\s*require\(.*\).*)$/,
}
const byLanguage: Partial<Record<Language, ImportForm>> = {
  typescript: script,
  javascript: script,
  python: { ...bound, line: /^\s*(?:import\s+[\w.]+.*|from\s+[\w.]+\s+import\s+[^(]*)$/ },
  go: { ...bound, line: /^\s*(?:import\s+)?(?:[\w.]+\s+)?"[^"]+"\s*$/ },
}

/** The last word of a path, or of each that is in braces: `C` of `a.b.C`, `a::b::{C, D as E}` or `a\b as C`. */
function lastIn(line: string): readonly string[] {
  const list = /\{(.*)\}/.exec(line)?.[1] ?? line
  return list.split(',').flatMap((one) => wordsOf(/\*\s*;?\s*$/.test(one) ? '' : one).at(-1) ?? [])
}

/** The name of the file that a line of C includes. */
function fileIn(line: string): readonly string[] {
  const name = /[<"/]([^<>"/]+)[>"]/.exec(line)?.[1]
  return name === undefined ? [] : [name]
}

const last = { namesIn: lastIn, mayRepeat: false }
const forms = byExtension<ImportForm>([
  ['java kt groovy', { ...last, line: /^\s*import\s+(?:static\s+)?[\w.]+(?:\.\*)?(?:\s+as\s+\w+)?\s*;?\s*$/ }],
  ['rs', { ...last, line: /^\s*(?:pub(?:\(\w+\))?\s+)?use\s+[\w:*]+(?:\{[\w:*, ]*\})?(?:\s+as\s+\w+)?\s*;\s*$/ }],
  ['php', { ...last, line: /^\s*use\s+(?:function\s+|const\s+)?[\w\\]+(?:\s+as\s+\w+)?\s*;\s*$/ }],
  [
    'cs',
    { ...last, mayRepeat: true, line: /^\s*(?:global\s+)?using\s+(?:static\s+)?[\w.]+(?:\s*=\s*[\w.<>]+)?\s*;\s*$/ },
  ],
  [
    'c h cc cpp cxx hh hpp hxx m mm',
    { namesIn: fileIn, mayRepeat: true, line: /^\s*#\s*(?:include|import)\s*(?:<[^>]+>|"[^"]+")\s*(?:\/\/.*)?$/ },
  ],
])
