import type { ActorHandle, AnswerOf, ArgsOf, AskOptions } from '../../actors/contract.ts'
import type { DeadLetter, DeadLetters } from '../../actors/dead-letters.ts'
import { TroupeError } from '../../errors.ts'
import type { Child } from './child-spec.ts'

/** The id of a child; or the ids on the way down through supervisors under supervisors, the child's own last. */
export type ActorPath = string | readonly string[]

/** An actor by its name, as a registered name in OTP: every message goes to the incarnation that lives at that moment. */
export interface NamedActor<Api extends object> {
  /**
   * Calls a method with a deadline, as gen_server:call; default: 5,000 ms. Rejects with TroupeError ACTOR_UNKNOWN when no
   * such actor runs now (`noproc`), ACTOR_GONE when it ends first, ASK_TIMEOUT when the deadline is over.
   */
  ask<Name extends keyof Api & string>(
    name: Name,
    args: ArgsOf<Api, Name>,
    options?: AskOptions,
  ): Promise<AnswerOf<Api, Name>>
  /** Calls a method without waiting, as gen_server:cast: never throws; what cannot be delivered is a dead letter. */
  cast<Name extends keyof Api & string>(name: Name, ...args: ArgsOf<Api, Name>): void
}

/** The actor that `find` finds at each message; `path` names it in errors and dead letters. */
export function namedActor<Api extends object>(
  path: ActorPath,
  find: () => Child | null,
  deadLetters: DeadLetters,
): NamedActor<Api> {
  const actor = typeof path === 'string' ? path : path.join('/')
  const lookUp = (kind: DeadLetter['kind'], method: string): ActorHandle<Api> | null => {
    const child = find()
    if (child !== null && isActor<Api>(child)) return child
    const detail = child === null ? null : 'it is not an actor'
    deadLetters.add({ reason: 'no-such-actor', actor, kind, method, detail })
    return null
  }
  return {
    async ask(name, args, options) {
      const handle = lookUp('ask', name)
      if (handle === null) throw new TroupeError('ACTOR_UNKNOWN', `no actor ${actor} runs`)
      return await handle.ask(name, args, options)
    },
    cast(name, ...args) {
      lookUp('cast', name)?.cast(name, ...args)
    },
  }
}

const isActor = <Api extends object>(child: Child): child is ActorHandle<Api> => 'ask' in child && 'cast' in child
