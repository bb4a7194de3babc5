import type { ProcessIdentity } from '../process-identity.ts'
import type { HostKind } from './contract.ts'
import type { Wire } from './wire.ts'

/** Where one actor lives: all that differs between the hosts. */
export interface Place {
  /** The supervisor's end. */
  readonly wire: Wire
  /** The process of this actor alone, or null. */
  readonly identity: ProcessIdentity | null
  /** Settles once, when nothing of the place is left; never rejects. */
  readonly gone: Promise<PlaceEnd>
  /** Takes the place away by force; `gone` settles afterwards. */
  destroy(): void
}

/** How a place ended, before anyone asks who wanted it. */
export type PlaceEnd =
  /** In good order: the wire was closed, or the actor left with success. */
  | { readonly how: 'closed' }
  /** It could not be taken away, only left alone. */
  | { readonly how: 'abandoned' }
  | {
      readonly how: 'crashed'
      readonly message: string
      readonly code: number | string | null
      readonly signal: string | null
    }

/** Makes places of one kind. */
export interface PlaceSource {
  readonly kind: HostKind
  /** How many places there may be at once. */
  readonly capacity: number
  /** @param lost told of what the actor emits when its wire has closed, where that can be seen */
  open(lost: (event: unknown) => void): Place
  /** As of a host; never throws. */
  prepare(count: number, module: string): void
  /** Called after all places have gone. */
  close(): Promise<void>
}
