import { byExtension, extensionOf } from './by-extension.ts'
import { outermostIn } from './outermost-lines.ts'

/** What lines end in that belongs to the line behind them. */
type Lead = 'comment' | 'mark'

/** Whether lines put between others and what follows would take a comment, a decorator or an attribute from what it belongs to. */
export function takeLead(first: readonly string[], second: readonly string[], path: string): boolean {
  const lead = leadOf(first, path)
  // comments stand above marks
  return lead !== null && !(lead === 'comment' && outermostIn(second).every((line) => isMark(line, path)))
}

function leadOf(lines: readonly string[], path: string): Lead | null {
  const [last = '', mark = ''] = [lines.at(-1), outermostIn(lines).at(-1)]
  if (last.trim() === '') return null
  if (isMark(mark, path)) return 'mark'
  return form(path)?.comment.test(last) === true ? 'comment' : null
}

const isMark = (line: string, path: string): boolean => form(path)?.mark?.test(line) === true

/** How a language writes comments and marks. */
interface Form {
  readonly comment: RegExp
  readonly mark?: RegExp
}

/** Not what only has a comment behind it. */
const slashes = /^\s*\/[/*]|^(?!.*\/\*).*\*\/\s*$/
const hash = /^\s*#(?![![])/
/** Nothing but decorators, of which the last may go on below. */
const decorator = /^\s*(?:@[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?\s*)*@[\w.]+(?:\((?:[^()]|\([^()]*\))*\)?)?\s*$/

const forms = byExtension<Form>([
  ['ts mts cts tsx js mjs cjs jsx java kt kts scala groovy swift dart', { comment: slashes, mark: decorator }],
  ['py pyi pyx', { comment: hash, mark: decorator }],
  ['rs', { comment: slashes, mark: /^\s*#\[/ }],
  ['php', { comment: slashes, mark: /^\s*#\[/ }],
  ['cs', { comment: slashes, mark: /^\s*\[[A-Z].*\]?\s*$/ }],
  ['go c h cc cpp cxx hpp hh proto zig v css scss less', { comment: slashes }],
  ['rb sh bash zsh fish pl r jl ex exs cr nix tf hcl cmake', { comment: hash }],
  ['sql lua hs elm', { comment: /^\s*--/ }],
  ['clj cljs lisp el scm rkt', { comment: /^\s*;/ }],
  ['vim', { comment: /^\s*"/ }],
])
const form = (path: string): Form | undefined => forms.get(extensionOf(path))
