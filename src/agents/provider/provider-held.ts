import type { Failure, ProviderClass } from '../failure.ts'

/** A provider may not be asked before a date that is too far away to wait for it. */
export class ProviderHeld extends Error {
  override readonly name = 'ProviderHeld'
  readonly failure: Failure

  constructor(provider: string, kind: ProviderClass, until: number) {
    const message = `${provider} may not be asked before ${new Date(until).toISOString()} (${kind})`
    super(message)
    this.failure = { kind: 'quota', class: kind, until, message, signature: `held ${provider}` }
  }
}
