import type { Answer, Call } from './transition-events.ts'
import { beginJob } from './transition-job.ts'
import { change, emit, find, newRecord, remove, type ChildRecord, type State } from './transition-state.ts'

/** Does what a call asks, or answers why not; nothing is under way with the child. */
export function answerCall(state: State, call: Call): State {
  const child = find(state, call.id)
  if (call.type === 'start-child') return startNew(state, call, child)
  if (child === undefined) return reply(state, call, { ok: false, reason: 'not-found' })
  switch (call.type) {
    case 'terminate-child':
      return begin(state, call, 'stop')
    case 'restart-child':
      if (child.status.status !== 'stopped') return refuse(state, call, child)
      return begin(change(state, call.id, { streak: 0 }), call, 'start')
    case 'delete-child':
      if (child.status.status !== 'stopped') return refuse(state, call, child)
      return reply(remove(state, call.id), call, { ok: true, incarnation: null })
  }
}

function startNew(state: State, call: Extract<Call, { type: 'start-child' }>, present: ChildRecord | undefined): State {
  if (present?.status.status === 'running') {
    return reply(state, call, { ok: false, reason: 'already-started', incarnation: present.status.incarnation })
  }
  if (present !== undefined) return reply(state, call, { ok: false, reason: 'already-present' })
  if (state.children.length >= state.flags.maxChildren) return reply(state, call, { ok: false, reason: 'max-children' })
  return begin({ ...state, children: [...state.children, newRecord(call.policy)] }, call, 'start')
}

function begin(state: State, call: Exclude<Call, { type: 'delete-child' }>, act: 'start' | 'stop'): State {
  const { type, id } = call
  return beginJob(state, id, { purpose: { kind: type, call: call.call, id }, steps: [{ act, id }] })
}

const refuse = (state: State, call: Call, { status }: ChildRecord): State =>
  reply(state, call, { ok: false, reason: status.status === 'restarting' ? 'restarting' : 'running' })

const reply = (state: State, { call }: Call, answer: Answer): State => emit(state, { type: 'reply', call, answer })
