import type { BlameRequest } from './blame-check.ts'
import type { Check } from './check.ts'
import type { Fold } from './fold.ts'
import type { BlamedCheck, CheckResult, Trial } from './proposal.ts'

/** What a fold is verified with. */
export interface VerifyRequest extends BlameRequest {
  readonly checks: readonly Check[]
}

/** A fold with the answers of its checks, and who was left out for them. */
export interface VerifiedFold {
  readonly folded: Fold
  readonly checks: readonly CheckResult[]
  readonly blamed: readonly BlamedCheck[]
  /** What became of resolutions that need a check; null where none is allowed. */
  readonly trial: Trial | null
}
