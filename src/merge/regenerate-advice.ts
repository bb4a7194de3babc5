import { quoted } from './conflict-message.ts'
import type { Conflict } from './conflict.ts'
import { type DeclaredFiles, nothingDeclared, ruleFor } from './declared-files.ts'
import { lockCommand } from './lock-commands.ts'

/** A conflict that also says why its file was not made anew, or how a lock file can be. */
export function withAdvice<Kind extends Conflict>(conflict: Kind, declared: DeclaredFiles = nothingDeclared): Kind {
  if (conflict.kind === 'outside-owns') return conflict
  const advice = adviceFor(conflict.file, declared)
  return advice === null ? conflict : { ...conflict, message: `${conflict.message} ${advice}` }
}

function adviceFor(file: string, declared: DeclaredFiles): string | null {
  const rule = ruleFor(declared, file)
  if (rule !== null) return rule.failed === undefined ? null : `It could not be made anew: ${rule.failed}.`
  const command = lockCommand(file)
  if (command === null) return null
  const example = `merge: { regenerate: { ${JSON.stringify(file)}: ${JSON.stringify(command)} } }`
  return `A lock file is never merged as text; to have ${quoted(file)} made anew, declare ${example}.`
}
