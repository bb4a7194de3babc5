import { adjacentLines } from './adjacent-lines.ts'
import { bothInsert } from './both-insert.ts'
import { containedChange } from './contained-change.ts'
import { containedInsertion } from './contained-insertion.ts'
import { containedRemoval } from './contained-removal.ts'
import { formatting } from './formatting.ts'
import { importLines } from './import-lines.ts'
import { inlineLists } from './inline-lists.ts'
import { keyedLines } from './keyed-lines.ts'
import type { Resolver } from './resolver.ts'
import { tokensOfLines } from './tokens-of-lines.ts'
import { versionNumber } from './version-number.ts'
import { whiteSpace } from './white-space.ts'

/** Every resolver, in the order in which they are tried: the most precise first. */
export const resolvers: readonly Resolver[] = [
  whiteSpace,
  formatting,
  versionNumber,
  containedInsertion,
  containedChange,
  containedRemoval,
  keyedLines,
  importLines,
  adjacentLines,
  tokensOfLines,
  inlineLists,
  bothInsert,
]
