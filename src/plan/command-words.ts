import { parseArgsStringToArgv } from 'string-argv'

/** A command written as one string: its words, or what only a shell would understand. */
export type CommandWords =
  | { readonly ok: true; readonly argv: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** Splits a command into words as a shell would, but refuses what would need one. */
export function commandWords(text: string): CommandWords {
  const special = shellCharacter(text)
  if (special === null) return { ok: true, argv: parseArgsStringToArgv(text) }
  const shown = special === '\n' ? 'a line break' : `'${special}'`
  return { ok: false, message: `${shown} is for a shell: quote it, write a list, or set shell: true on the agent` }
}

/** The first character outside quotes and templates that means something to a shell only. */
function shellCharacter(text: string): string | null {
  const bare = text.replaceAll(/\{\{.*?\}\}/g, '').replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"/g, '')
  return /[|&;<>$`*?\n]/.exec(bare)?.[0] ?? null
}
