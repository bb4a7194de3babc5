import type { Parser } from '../syntax/parser.ts'
import { nothingDeclared } from './declared-files.ts'
import { keyedFileName, resolveKeyed } from './keyed/keyed-file.ts'
import { resolveDeclared } from './resolve-declared.ts'
import type { ConflictedText } from './resolve-chunks.ts'
import { resolveText, type TextResolution } from './resolve-text.ts'
import { fileFacts } from './resolvers/file-facts.ts'
import { isAsSureAs, type ResolverPolicy } from './resolvers/resolver.ts'

/** Merges a file's text that git could not: as its user has declared, otherwise as resolveText does. */
export function resolveFile(text: ConflictedText, policy: ResolverPolicy, parse: Parser | null = null): TextResolution {
  const { upTo, off, declared = nothingDeclared } = policy
  const asDeclared = resolveDeclared(text, declared)
  if (asDeclared !== null) return asDeclared
  if (upTo === null) return { how: 'left', reason: 'no resolver is asked' }
  const resolution = resolveText(text, policy, parse)
  const asks = resolution.how === 'left' && isAsSureAs('likely', upTo) && !off.includes(keyedFileName)
  if (!asks || !isManifest(text.path)) return resolution
  const byKey = resolveKeyed(text, { grade: 'likely', evidence: 'no key was changed by both' })
  return byKey.how === 'left' ? resolution : byKey
}

/** Manifests of packages whose form is known; in YAML too many merges by key come out otherwise than people's. */
function isManifest(path: string): boolean {
  const { kind, language } = fileFacts(path)
  return kind === 'manifest' && (language === 'json' || language === 'toml')
}
