import { byExtension, extensionOf } from './by-extension.ts'
import type { FileFacts } from './file-facts.ts'

/** What white space may mean in a language. */
interface Spacing {
  /** Whether it means nothing beside a sign, so that `f(a,b)` is `f(a, b)`; elsewhere it parts words, however much of it there is. */
  readonly isFree: boolean
  /** Whether how far a line is indented means something. */
  readonly isIndented: boolean
}

const inBraces: Spacing = { isFree: true, isIndented: false }
const parting: Spacing = { isFree: false, isIndented: false }
const indented: Spacing = { isFree: true, isIndented: true }
/** Of what nothing is known: Makefiles, YAML, Markdown and whatever else. */
const unknown: Spacing = { isFree: false, isIndented: true }

const spacings = byExtension<Spacing>([
  [
    'ts mts cts tsx js mjs cjs jsx json jsonc json5 java kt kts groovy gradle c h cc cpp cxx hh hpp hxx cs m mm',
    inBraces,
  ],
  ['go rs swift dart php proto graphql gql sql toml zig glsl wgsl sol lua', inBraces],
  ['sh bash zsh fish rb rake gemspec ex exs erl hrl pl pm r jl clj cljs lisp el scm ps1 bat cmd tf hcl nix', parting],
  ['css scss less html htm xml xsd svg vue svelte astro erb ejs hbs twig tex', parting],
  ['py pyi pyx pxd scala', indented],
])

/** Files in which every sign counts. */
const exact: ReadonlySet<string> = new Set(['csv', 'tsv', 'tab', 'txt', 'patch', 'diff'])

/** Lines as one text without the white space that means nothing in such a file, and without blank ones; null where all of it may mean something. */
export function bareLines({ path, kind }: FileFacts): ((lines: readonly string[]) => string) | null {
  const extension = extensionOf(path)
  if (exact.has(extension) && kind !== 'manifest') return null
  const spacing = spacings.get(extension) ?? unknown
  return (lines) =>
    lines
      .filter((line) => line.trim() !== '')
      .map((line) => bareLine(line, spacing))
      .join('\n')
}

function bareLine(line: string, { isFree, isIndented }: Spacing): string {
  const text = line.trim()
  const indent = isIndented ? line.slice(0, line.indexOf(text)) : ''
  return (
    indent +
    text.replaceAll(stringOrSpace, (piece: string, quote: string | undefined, at: number) => {
      if (quote !== undefined) return piece
      return isFree && !parts(text[at - 1] ?? '', text[at + piece.length] ?? '') ? '' : ' '
    })
  )
}

const stringOrSpace = /(["'`])(?:\\.|(?!\1)[^\\])*\1|\s+/g

/** Whether two signs mean something else when nothing is between them: words, `a - -b`, `{one} {two}`. */
const parts = (before: string, after: string): boolean =>
  (inWord.test(before) && inWord.test(after)) ||
  (before === after && !bracket.test(before)) ||
  apart.has(before + after)

const inWord = /[\p{L}\p{N}_$"'`]/u
const bracket = /[()[\]{},;]/
const apart: ReadonlySet<string> = new Set(['/*', '*/', '}{', '><', '}<'])
