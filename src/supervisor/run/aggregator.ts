import type { AggregatorApi, Contribution, ProposalRequest } from '../../actors/aggregator-api.ts'
import type { ActorHandle } from '../../actors/contract.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { Proposal } from '../../merge/proposal.ts'
import { isGone, openStandingActor } from './standing-actor.ts'

/** The aggregator as the run sees it: one that lives through restarts. */
export interface Aggregator {
  /** Gives a change set; answers with its conflicts with the earlier ones. */
  add(contribution: Contribution): Promise<readonly Conflict[]>
  baseFor: AggregatorApi['baseFor']
  look: AggregatorApi['look']
  checkEarly: AggregatorApi['checkEarly']
  cancelEarly(): Promise<void>
  halt(): Promise<void>
  judge: AggregatorApi['judge']
  propose(request: ProposalRequest): Promise<Proposal>
  proposeOpenly: AggregatorApi['proposeOpenly']
  tryAnswer: AggregatorApi['tryAnswer']
  /** Told by the supervision tree whenever a new aggregator actor has started. */
  started(actor: ActorHandle<AggregatorApi>): void
  /** Told when the tree has given the aggregator up. */
  givenUp(reason: string): void
}

/** Keeps what was given, so that a restarted actor is told again; a call that meets a dying actor is made anew at the next. */
export function openAggregator(): Aggregator {
  const given: Contribution[] = []
  const standing = openStandingActor<AggregatorApi>('the aggregator')
  let told = Promise.resolve()

  async function ask<Answer>(question: (actor: Actor) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await standing.ask(question)
      } catch (error) {
        if (!isGone(error)) throw error
      }
    }
  }

  return {
    add(contribution) {
      given.push(contribution)
      return ask((actor) => actor.call('add', contribution))
    },
    baseFor: (needs) => ask((actor) => actor.call('baseFor', needs)),
    look: (underWay) =>
      ask(async (actor) => {
        await told // an actor that does not know of all change sets would take conflicts back
        return await actor.call('look', underWay)
      }),
    checkEarly: (request) => ask((actor) => actor.call('checkEarly', request)),
    cancelEarly: () => ask((actor) => actor.call('cancelEarly')),
    halt: () => ask((actor) => actor.call('halt')),
    judge: (request) => ask((actor) => actor.call('judge', request)),
    propose: (request) => ask((actor) => actor.call('propose', request)),
    proposeOpenly: (request) => ask((actor) => actor.call('proposeOpenly', request)),
    tryAnswer: (request) => ask((actor) => actor.call('tryAnswer', request)),
    started(actor) {
      told = tellAgain(actor, [...given])
      standing.started(actor)
    },
    givenUp: standing.givenUp,
  }
}

type Actor = ActorHandle<AggregatorApi>

async function tellAgain(actor: Actor, given: readonly Contribution[]): Promise<void> {
  try {
    for (const contribution of given) await actor.call('add', contribution)
  } catch {
    // it died again: the next one is told
  }
}
