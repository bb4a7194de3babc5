import { parseArgsStringToArgv } from 'string-argv'

/** A command written as one string: its words, or what only a shell would understand. */
export type CommandWords =
  | { readonly ok: true; readonly argv: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** Splits a command into words at white space outside quotes, but refuses what would need a shell. A variable stays one word. */
export function commandWords(text: string): CommandWords {
  const bare = text.replaceAll(variable, '').replaceAll(quoted, '').trim()
  const open = /['"]/.exec(bare)?.[0]
  if (open !== undefined) return { ok: false, message: `the quote ${open} is not closed` }
  const special = /[|&;<>$`*?\n]/.exec(bare)?.[0]
  if (special !== undefined) {
    const shown = special === '\n' ? 'a line break' : `'${special}'`
    return { ok: false, message: `${shown} is for a shell: quote it, write a list, or set shell: true on the agent` }
  }
  const argv = parseArgsStringToArgv(text.replaceAll(variable, '{{$1}}'))
  return argv.length === 0 ? { ok: false, message: 'must name a program' } : { ok: true, argv }
}

const variable = /\{\{\s*([^{}]*?)\s*\}\}/g

// a backslash means nothing, here as to the splitter
const quoted = /'[^']*'|"[^"]*"/g
