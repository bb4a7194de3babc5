import type { Parser } from '../syntax/parser.ts'
import { nothingDeclared } from './declared-files.ts'
import { resolveDeclared } from './resolve-declared.ts'
import { type ConflictedText, resolveText, type TextResolution } from './resolve-text.ts'
import type { ResolverPolicy } from './resolvers/resolver.ts'

/** Merges a file's text that git could not: as its user has declared, otherwise as resolveText does. */
export function resolveFile(text: ConflictedText, policy: ResolverPolicy, parse: Parser | null = null): TextResolution {
  const { upTo, declared = nothingDeclared } = policy
  const asDeclared = resolveDeclared(text, declared)
  if (asDeclared !== null) return asDeclared
  return upTo === null ? { how: 'left', reason: 'no resolver is asked' } : resolveText(text, policy, parse)
}
