import type { Exit } from '../../actors/contract.ts'
import { beginJob, waitFor } from './transition-job.ts'
import { beginShutdown } from './transition-shutdown.ts'
import {
  change,
  emit,
  hold,
  isIndependent,
  layDown,
  type ChildRecord,
  type Job,
  type State,
} from './transition-state.ts'

/** OTP's restart_child: what the end of a running child leads to, by its restart type. */
export function handleExit(state: State, child: ChildRecord, exit: Exit): State {
  const { id } = child.policy
  if (isRestarted(child, exit)) return restart(state, child)
  const after = change(layDown(state, id), id, { streak: 0 })
  return endsSupervisor(after, child) ? shutDownAutomatically(after, id) : after
}

/** OTP's restart: counts it, gives up past the intensity, else carries it out, after the back-off if there is one. */
export function restart(state: State, child: ChildRecord): State {
  const { id, backoff } = child.policy
  const counted = countRestart(state)
  const restarts = counted.restarts.length
  if (restarts > state.flags.intensity.restarts) return escalate(counted, id)
  const noted = emit(counted, { type: 'note', event: { type: 'child-restarting', id, restarts } })
  const again = { ...child, streak: child.streak + 1 }
  const begun = change(noted, id, { streak: again.streak })
  if (backoff === null) return restartNow(begun, again)
  if (isIndependent(state.flags)) return waitFor(begun, again)
  const held = hold(begun, id, false)
  return beginJob(held, id, { purpose: { kind: 'stop-group-then-wait', id }, steps: stops(groupOf(held, id), id) })
}

/** Restarts the child, and with it those that its strategy says, without counting. */
export function restartNow(state: State, child: ChildRecord): State {
  const { id } = child.policy
  const purpose = { kind: 'restart', id } as const
  const held = hold(state, id, false)
  if (isIndependent(state.flags)) return beginJob(held, id, { purpose, steps: [{ act: 'start', id }] })
  const group = groupOf(held, id)
  const starts = group.map(({ policy }) => ({ act: 'start', id: policy.id }) as const)
  const steps = [...stops(group, id), ...starts]
  return beginJob(held, id, { purpose, steps })
}

function isRestarted({ policy }: ChildRecord, exit: Exit): boolean {
  switch (policy.restart) {
    case 'permanent':
      return true
    case 'transient':
      return exit.how === 'killed' || exit.how === 'crashed'
    case 'temporary':
      return false
  }
}

/** OTP's add_restart: a restart exactly `withinMs` old still counts. */
function countRestart(state: State): State {
  const oldest = state.now - state.flags.intensity.withinMs
  return { ...state, restarts: [...state.restarts.filter((at) => at >= oldest), state.now] }
}

function escalate(state: State, id: string): State {
  const { restarts, withinMs } = state.flags.intensity
  const noted = emit(state, { type: 'note', event: { type: 'escalated', id, restarts, withinMs } })
  return beginShutdown(noted, 'reached maximum restart intensity')
}

/** OTP's do_auto_shutdown; `state` is that after the child has been laid down. */
function endsSupervisor({ flags, children }: State, { policy }: ChildRecord): boolean {
  if (!policy.significant) return false
  switch (flags.autoShutdown) {
    case 'never':
      return false
    case 'any-significant':
      return true
    case 'all-significant':
      return !children.some((other) => other.policy.significant && other.status.status !== 'stopped')
  }
}

function shutDownAutomatically(state: State, id: string): State {
  const noted = emit(state, { type: 'note', event: { type: 'shut-down-automatically', id } })
  return beginShutdown(noted, 'automatic shutdown')
}

function groupOf({ flags, children }: State, id: string): readonly ChildRecord[] {
  return flags.strategy === 'rest-for-one'
    ? children.slice(children.findIndex(({ policy }) => policy.id === id))
    : children
}

const stops = (group: readonly ChildRecord[], failed: string): Job['steps'] =>
  group
    .filter(({ policy }) => policy.id !== failed)
    .map(({ policy }) => ({ act: 'stop', id: policy.id }) as const)
    .toReversed()
