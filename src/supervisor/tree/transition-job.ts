import type { StartFailed } from './results.ts'
import type { Answer } from './transition-events.ts'
import { beginShutdown } from './transition-shutdown.ts'
import {
  change,
  emit,
  find,
  hold,
  isIndependent,
  layDown,
  remove,
  startChild,
  stopChild,
  type ChildRecord,
  type Job,
  type State,
} from './transition-state.ts'

/** The job that holds up messages for this child, or undefined. */
export const jobOf = (state: State, id: string): Job | undefined =>
  state.jobs.find(({ scope }) => scope === null || scope === id)

/** The same state with a job about child `id` begun; nothing else may be under way in its scope. */
export function beginJob(state: State, id: string, job: Omit<Job, 'scope'>): State {
  const scope = isIndependent(state.flags) ? id : null
  return advance({ ...state, jobs: [...state.jobs, { ...job, scope }] }, id)
}

/** Takes the job that holds child `id` as far as it goes without news. */
export function advance(state: State, id: string): State {
  let current = state
  for (;;) {
    const job = jobOf(current, id)
    const next = job === undefined ? current : takeStep(current, job)
    if (next === current) return current
    current = next
  }
}

/** The same state with the child's restart put off by its back-off, whose length the shell works out. */
export function waitFor(state: State, { policy, streak }: ChildRecord): State {
  const held = hold(state, policy.id, true)
  return emit(held, { type: 'wait', policy, incarnation: held.lastIncarnation, attempt: streak })
}

function takeStep(state: State, job: Job): State {
  const [step, ...steps] = job.steps
  if (step === undefined) return finish(state, job)
  const child = find(state, step.id)
  const onward = (next: State): State => replaceJob(next, job, { ...job, steps })
  if (child === undefined) return onward(state)
  return step.act === 'stop' ? takeStop(state, child, onward) : takeStart(state, child, { job, onward })
}

function takeStop(state: State, child: ChildRecord, onward: (next: State) => State): State {
  switch (child.status.status) {
    case 'running':
      return stopChild(state, child, 'shutdown')
    case 'starting':
    case 'stopping':
      return state
    case 'stopped':
    case 'start-failed':
    case 'exited':
    case 'restarting':
      return onward(layDown(state, child.policy.id))
  }
}

function takeStart(
  state: State,
  child: ChildRecord,
  { job, onward }: { readonly job: Job; readonly onward: (next: State) => State },
): State {
  switch (child.status.status) {
    case 'stopped':
    case 'restarting':
      return startChild(state, child)
    case 'starting':
    case 'stopping':
      return state
    case 'start-failed': {
      const { message, cause } = child.status
      const answer = { ok: false, reason: 'start-failed', id: child.policy.id, message, cause } as const
      return fail(replaceJob(state, job, null), job, answer)
    }
    case 'running':
    case 'exited':
      return onward(state)
  }
}

function finish(state: State, job: Job): State {
  const { purpose } = job
  const free = replaceJob(state, job, null)
  switch (purpose.kind) {
    case 'start':
      return reply(free, purpose.call, { ok: true, incarnation: null })
    case 'start-child':
    case 'restart-child':
    case 'terminate-child':
      return reply(free, purpose.call, { ok: true, incarnation: incarnationOf(find(free, purpose.id)) })
    case 'stop-group-then-wait': {
      const child = find(free, purpose.id)
      return child === undefined ? free : waitFor(free, child)
    }
    case 'restart':
      return free
  }
}

function fail(state: State, { purpose }: Job, answer: StartFailed): State {
  switch (purpose.kind) {
    case 'start': {
      const reason = `failed to start child ${answer.id}: ${answer.message}`
      return beginShutdown(state, reason, { call: purpose.call, answer })
    }
    case 'start-child':
      return reply(remove(state, purpose.id), purpose.call, answer)
    case 'restart-child':
      return reply(change(state, purpose.id, { status: { status: 'stopped' } }), purpose.call, answer)
    case 'restart':
      return tryAgain(state, answer.id)
    case 'terminate-child':
    case 'stop-group-then-wait':
      return state
  }
}

/** OTP's try_again_restart: goes to the end of the inbox, so that a call to give up is heard first. */
function tryAgain(state: State, id: string): State {
  const held = hold(state, id, false)
  return { ...held, inbox: [...held.inbox, { type: 'try-again', id, incarnation: held.lastIncarnation }] }
}

const reply = (state: State, call: number, answer: Answer): State => emit(state, { type: 'reply', call, answer })

function replaceJob(state: State, job: Job, next: Job | null): State {
  const index = state.jobs.indexOf(job)
  return { ...state, jobs: next === null ? state.jobs.toSpliced(index, 1) : state.jobs.with(index, next) }
}

function incarnationOf(child: ChildRecord | undefined): number | null {
  const status = child?.status
  return status?.status === 'running' || status?.status === 'exited' ? status.incarnation : null
}
