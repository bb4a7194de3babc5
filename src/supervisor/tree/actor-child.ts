import type { ActorHost } from '../../actors/contract.ts'
import { asActorId } from '../../ids.ts'
import type { ChildSpec } from './child-spec.ts'

/** A child spec that says which actor to start instead of how. */
export interface ActorChildSpec extends Omit<ChildSpec, 'start' | 'kind'> {
  /** file: URL of the module that exports the factory, as `import.meta.resolve('./counter.js')` gives it. */
  readonly module: string | URL
  /** Name of the exported `ActorFactory`. Default: actor. */
  readonly export?: string
  /** Handed to every incarnation; must survive structured clone. Default: null. */
  readonly input?: unknown
  /** Told what the actor emits. */
  readonly onEmit?: (event: unknown) => void
}

/** A child spec for an actor that lives in this host. */
export function actorChild(host: ActorHost, spec: ActorChildSpec): ChildSpec {
  const { module, export: factory = 'actor', input = null, onEmit = () => {}, ...rest } = spec
  const actor = { id: asActorId(spec.id), module: String(module), export: factory, input }
  return { ...rest, start: () => host.start(actor, { emit: onEmit }) }
}
