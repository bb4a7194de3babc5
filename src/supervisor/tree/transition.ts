import { answerCall } from './transition-calls.ts'
import type { Command, Fact, Message, TreeEvent } from './transition-events.ts'
import { advance, jobOf } from './transition-job.ts'
import { handleExit, restart, restartNow } from './transition-restart.ts'
import { advanceShutdown, beginShutdown, forceShutdown } from './transition-shutdown.ts'
import { change, emit, find, type ChildRecord, type ChildStatus, type State } from './transition-state.ts'

/**
 * The whole of supervision, as OTP's supervisor decides: no clock, no chance, no I/O, and an answer to every event.
 *
 * OTP's supervisor is one process, busy until a child has started or stopped; its messages wait meanwhile. Here a fact
 * is noted in the child's status at once, everything else goes through the inbox, and a message is handled when no job
 * holds its child. With one-for-all and rest-for-one a job holds all children, as in OTP; where children are
 * independent it holds one, so that a slow start or stop does not keep the others waiting.
 *
 * Source of the rules: Erlang/OTP, lib/stdlib/src/supervisor.erl.
 */
export function transition(state: State, event: TreeEvent): readonly [State, readonly Command[]] {
  const now = Math.max(state.now, event.at)
  const settled = advanceShutdown(deliver(receive({ ...state, now }, event)))
  return [{ ...settled, outbox: [] }, settled.outbox]
}

function receive(state: State, event: TreeEvent): State {
  switch (event.type) {
    case 'start':
      return begin(state, event.call)
    case 'stop':
      return stop(state, event.reason)
    case 'force':
      return forceShutdown(stop(state, event.reason))
    case 'started':
    case 'start-failed':
    case 'exited':
      return advance(record(state, event), event.id)
    case 'wait-over':
    case 'start-child':
    case 'terminate-child':
    case 'restart-child':
    case 'delete-child':
      return post(state, event)
    default:
      return ignore(state, event satisfies never)
  }
}

function begin(state: State, call: number): State {
  if (state.phase.phase !== 'new') {
    const answer = { ok: false, reason: 'already-started', incarnation: null } as const
    return emit(state, { type: 'reply', call, answer })
  }
  const steps = state.children.map(({ policy }) => ({ act: 'start', id: policy.id }) as const)
  const job = { scope: null, purpose: { kind: 'start', call }, steps } as const
  return advance({ ...state, phase: { phase: 'running' }, jobs: [job] }, '')
}

function stop(state: State, reason: string): State {
  const { phase } = state.phase
  return phase === 'new' || phase === 'running' ? beginShutdown(state, reason) : state
}

function post(state: State, message: Message): State {
  if (state.phase.phase === 'running') return { ...state, inbox: [...state.inbox, message] }
  return 'call' in message
    ? emit(state, { type: 'reply', call: message.call, answer: { ok: false, reason: 'noproc' } })
    : state
}

function record(state: State, fact: Fact): State {
  const child = find(state, fact.id)
  if (child === undefined || !isOf(child.status, fact)) return refuseLate(state, fact)
  const { id, incarnation } = fact
  switch (fact.type) {
    case 'started': {
      const running = change(state, id, { status: { status: 'running', incarnation, since: state.now } })
      return emit(running, { type: 'note', event: { type: 'child-started', id, incarnation } })
    }
    case 'start-failed': {
      const { message, cause } = fact
      const failed = change(state, id, { status: { status: 'start-failed', incarnation, message, cause } })
      return emit(failed, { type: 'note', event: { type: 'child-start-failed', id, incarnation, message } })
    }
    case 'exited':
      return recordExit(state, child, fact)
  }
}

function recordExit(
  state: State,
  { policy, status, streak }: ChildRecord,
  fact: Extract<Fact, { type: 'exited' }>,
): State {
  const { id, incarnation, exit } = fact
  const ranMs = status.status === 'running' ? state.now - status.since : 0
  const rested = policy.backoff !== null && ranMs >= policy.backoff.maxMs
  const ended = change(state, id, { status: { status: 'exited', incarnation, exit }, streak: rested ? 0 : streak })
  const noted = emit(ended, { type: 'note', event: { type: 'child-exited', id, incarnation, exit } })
  return status.status === 'running' && state.phase.phase === 'running'
    ? post(noted, { type: 'handle-exit', id, incarnation })
    : noted
}

function isOf(status: ChildStatus, { type, incarnation }: Fact): boolean {
  if (status.status === 'stopped' || status.incarnation !== incarnation) return false
  const awaited = type === 'exited' ? ['running', 'stopping'] : ['starting']
  return awaited.includes(status.status)
}

/** A child that appears after nobody waits for it any more is taken away. */
function refuseLate(state: State, fact: Fact): State {
  const noted = ignore(state, fact)
  if (fact.type !== 'started') return noted
  const { id, incarnation } = fact
  return emit(noted, { type: 'stop', id, incarnation, reason: 'started too late', graceMs: 0 })
}

function deliver(state: State): State {
  let current = state
  for (;;) {
    const message = current.inbox.find(({ id }) => jobOf(current, id) === undefined)
    if (message === undefined) return current
    current = handle({ ...current, inbox: current.inbox.filter((other) => other !== message) }, message)
  }
}

function handle(state: State, message: Message): State {
  if ('call' in message) return answerCall(state, message)
  const child = find(state, message.id)
  if (child === undefined || child.status.status === 'stopped') return state
  if (child.status.incarnation !== message.incarnation) return state
  switch (message.type) {
    case 'handle-exit':
      return child.status.status === 'exited' ? handleExit(state, child, child.status.exit) : state
    case 'try-again':
      return child.status.status === 'restarting' ? restart(state, child) : state
    case 'wait-over':
      return child.status.status === 'restarting' ? restartNow(state, child) : state
  }
}

function ignore(state: State, event: { readonly type: string; readonly id?: string }): State {
  return emit(state, { type: 'note', event: { type: 'ignored', what: event.type, id: event.id ?? null } })
}
