import { grammarOf } from '../syntax/grammar.ts'
import type { Parser } from '../syntax/parser.ts'
import { nothingDeclared } from './declared-files.ts'
import { keyedFileName, resolveKeyed } from './keyed/keyed-file.ts'
import { resolveDeclared } from './resolve-declared.ts'
import { type ConflictedText, isHopeless, mayBeCertain, resolveByLines } from './resolve-chunks.ts'
import { resolveText, type TextResolution } from './resolve-text.ts'
import { fileFacts } from './resolvers/file-facts.ts'
import { isAsSureAs, type ResolverPolicy } from './resolvers/resolver.ts'

/** A file's text in conflict, as far as it comes without reading its syntax. */
export type BegunFile =
  | { readonly how: 'done'; readonly resolution: TextResolution }
  | {
      readonly how: 'open'
      /** Whether every chunk is certain by its lines, or may be by its syntax: else it rests on something that is only likely. */
      readonly isCertain: boolean
      /** Reads the syntax, too. */
      readonly finish: (parse: Parser | null) => TextResolution
    }

/** Begins to merge a file's text that git could not: as its user has declared, otherwise as resolveText does. */
export function beginFile(text: ConflictedText, policy: ResolverPolicy): BegunFile {
  const asDeclared = resolveDeclared(text, policy.declared ?? nothingDeclared)
  if (asDeclared !== null) return { how: 'done', resolution: asDeclared }
  if (policy.upTo === null) return left('no resolver is asked')
  if (grammarOf(text.path) === null) return { how: 'done', resolution: withoutSyntax(text, policy) }
  const known = resolveByLines(text, policy)
  if (isHopeless(known, policy)) return left('no resolver holds')
  return {
    how: 'open',
    isCertain: mayBeCertain(known, policy),
    finish: (parse) => resolveText(text, policy, parse, known),
  }
}

/** Merges a file's text that git could not, its syntax included. */
export function resolveFile(text: ConflictedText, policy: ResolverPolicy, parse: Parser | null = null): TextResolution {
  const begun = beginFile(text, policy)
  return begun.how === 'done' ? begun.resolution : begun.finish(parse)
}

const left = (reason: string): BegunFile => ({ how: 'done', resolution: { how: 'left', reason } })

function withoutSyntax(text: ConflictedText, policy: ResolverPolicy): TextResolution {
  const resolution = resolveText(text, policy)
  const asks = resolution.how === 'left' && isAsSureAs('likely', policy.upTo) && !policy.off.includes(keyedFileName)
  if (!asks || !isManifest(text.path)) return resolution
  const byKey = resolveKeyed(text, { grade: 'likely', isDeclared: false })
  return byKey.how === 'left' ? resolution : byKey
}

/** Manifests of packages whose form is known; in YAML too many merges by key come out otherwise than people's. */
function isManifest(path: string): boolean {
  const { kind, language } = fileFacts(path)
  return kind === 'manifest' && (language === 'json' || language === 'toml')
}
