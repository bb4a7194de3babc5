import { posix } from 'node:path'
import type { Grammar } from '../grammar.ts'
import type { Parameter, PublicModule, PublicSymbol } from '../symbols/symbol.ts'

/** How a page says that it may be written again. */
export const pageHeader = "<!-- Written by troupe's local agent"

/** A module and where its page goes; paths relative to the workspace. */
export interface PageSource {
  readonly file: string
  readonly page: string
  readonly grammar: Grammar
  readonly module: PublicModule
}

/** The API reference page of a module, in Markdown: the same text for the same source. */
export function renderPage({ file, page, grammar, module }: PageSource): string {
  const link = encodeURI(posix.relative(posix.dirname(page), file))
  const render = (symbol: PublicSymbol, level: number): string[] => [
    `${'#'.repeat(level)} \`${symbol.name}\``,
    fenced(symbol.signature, grammar),
    `[${file}, line ${symbol.line}](${link}#L${symbol.line})`,
    ...paragraph(symbol.doc),
    ...parameterTable(symbol.parameters ?? []),
    ...returned(symbol),
    ...symbol.members.flatMap((member) => render(member, level + 1)),
  ]
  const parts = [
    `${pageHeader} from ${file}; it is written again from there. No model was used. -->`,
    `# ${file}`,
    ...paragraph(module.doc),
    ...(module.symbols.length === 0 ? ['Nothing public.'] : []),
    ...module.symbols.flatMap((symbol) => render(symbol, 2)),
  ]
  return `${parts.join('\n\n')}\n`
}

const fenced = (code: string, grammar: Grammar): string =>
  `\`\`\`${grammar === 'tsx' ? 'typescript' : grammar}\n${code}\n\`\`\``

const paragraph = (text: string | null): string[] => (text === null ? [] : [withoutMarkup(text)])

function parameterTable(parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return []
  const rows = parameters.map(({ name, type, defaultValue, meaning }) =>
    row([code(name), code(type), code(defaultValue), cell(meaning ?? '')]),
  )
  return [[row(['parameter', 'type', 'default', 'meaning']), row(['---', '---', '---', '---']), ...rows].join('\n')]
}

function returned({ returns }: PublicSymbol): string[] {
  if (returns === null) return []
  const type = returns.type === null ? '' : ` \`${returns.type}\``
  return [`Returns${type}${returns.meaning === null ? '' : `: ${cell(returns.meaning)}`}`]
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const code = (text: string | null): string => (text === null ? '' : `\`${text.replaceAll('|', '\\|')}\``)
const cell = (text: string): string => withoutMarkup(text).replaceAll('|', '\\|')

/** A `<` in prose would begin an element; in code it stands for itself. */
function withoutMarkup(text: string): string {
  const pieces = text.split(/(```[\s\S]*?```|`[^`\n]*`)/)
  return pieces.map((piece, index) => (index % 2 === 0 ? piece.replaceAll('<', '&lt;') : piece)).join('')
}
