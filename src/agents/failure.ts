/** Why an attempt failed; the kinds decide about retries. */
export type FailureKind =
  | 'agent'
  | 'crash'
  | 'timeout'
  | 'stall'
  | 'memory'
  | 'quota'
  | 'budget'
  | 'infrastructure'
  | 'conflict'

/** What a provider's refusal means. */
export type ProviderClass =
  /** Too much at once or in a minute; passes by itself within minutes. */
  | 'rate_limit'
  /** The provider has no room for anybody. */
  | 'overloaded'
  /** What was paid for is used up, until a date or until somebody pays. */
  | 'quota'
  /** The key, or what it may do. */
  | 'auth'
  /** The conversation is too long for the model. */
  | 'context'
  | 'network'

export interface Failure {
  readonly kind: FailureKind
  /** What happened, for people. */
  readonly message: string
  /** Equal for failures that look the same; a retry that keeps failing the same way is refused. */
  readonly signature: string
  /** `no_changes`: the agent said that it had ended well, but nothing was changed and it did not say that there was nothing to do. */
  readonly class?: ProviderClass | 'no_changes'
  /** When trying again may help, where the provider told; milliseconds since the epoch. */
  readonly until?: number
}

/** What came of a call to a provider, as far as it concerns those who wait for theirs. */
export type PlaceAnswer =
  | { readonly how: 'ok' }
  | {
      readonly how: 'refused'
      readonly class: ProviderClass
      /** As the provider told it. */
      readonly retryAfterMs?: number
      /** Milliseconds since the epoch. */
      readonly until?: number
      /** The same refusal was told before, while whoever has the place went on: it counts once. */
      readonly isTold?: true
    }

/** A refusal, as those who wait for their call must know it. */
export type RefusedAnswer = Extract<PlaceAnswer, { readonly how: 'refused' }>
