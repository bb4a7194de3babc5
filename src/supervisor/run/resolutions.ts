import type { TaskId } from '../../ids.ts'
import { type ConflictedVersions, isSameConflict } from '../../merge/asking/open-conflict.ts'
import type { ResolutionEvent } from './events.ts'
import type { Resolution, RunState } from './state.ts'

type Started = Extract<ResolutionEvent, { readonly type: 'resolution-started' }>
type Ended = Extract<ResolutionEvent, { readonly type: 'resolution-ended' }>

/** The state after an event of asking an agent about a conflict. */
export const resolutionHappened = (state: RunState, event: ResolutionEvent, at: number): RunState =>
  event.type === 'resolution-started' ? resolutionStarted(state, event, at) : resolutionEnded(state, event, at)

function resolutionStarted(state: RunState, { task, attempt, agent, host, files }: Started, at: number): RunState {
  const counted = knownResolution(state, task, files)?.counted ?? 0
  const standing = { phase: 'running', startedAt: at, host } as const
  return withResolution(state, task, { agent, files, attempts: attempt, counted, standing })
}

/** An end that no longer applies changes nothing. */
function resolutionEnded(state: RunState, ended: Ended, at: number): RunState {
  const known = state.resolutions.get(ended.task)
  if (known?.standing.phase !== 'running' || known.attempts !== ended.attempt) return state
  const { outcome, reason, answers } = ended
  const counted = known.counted + (outcome === 'refused' || outcome === 'failed' ? 1 : 0)
  const sealed = ended.end.changeSet !== null
  const { startedAt } = known.standing
  const standing = { phase: 'ended', startedAt, endedAt: at, outcome, reason, answers, sealed } as const
  return withResolution(state, ended.task, { ...known, counted, standing })
}

/** What is known of asking about these very conflicts of a task; null when nobody was asked. */
export function knownResolution(
  { resolutions }: Pick<RunState, 'resolutions'>,
  task: TaskId,
  files: readonly ConflictedVersions[],
): Resolution | null {
  const known = resolutions.get(task)
  if (known?.files.length !== files.length) return null
  const isSame = files.every((file) => known.files.some((other) => isSameConflict(file, other)))
  return isSame ? known : null
}

const withResolution = (state: RunState, task: TaskId, resolution: Resolution): RunState => ({
  ...state,
  resolutions: new Map([...state.resolutions, [task, resolution]]),
})
