import { agentSpec } from '../../actors/agent-spec.ts'
import type { AgentActorApi, AgentEvent } from '../../actors/agent-api.ts'
import type { ActorHandle, ActorHost, HostKind } from '../../actors/contract.ts'
import type { Assignment } from '../../agents/agent.ts'
import { type AgentName, asActorId, type CommitId, type RunId, type TaskId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import { renderArguments, type TemplateValues } from '../../plan/template.ts'
import type { AttemptMeans } from './attempt.ts'
import type { Placement } from './placement.ts'
import type { AttemptOrder } from './run.ts'
import type { TroupeTree } from './troupe-tree.ts'
import type { Workspace } from './workspaces.ts'

/** What actors of agents are started with. */
export interface ActorParts {
  readonly run: RunId
  readonly tree: TroupeTree
  host(kind: HostKind): ActorHost
  logPath(task: TaskId, attempt: number): string
  /** URL of the module of the kinds of agent. */
  readonly kindsModule: string
  /** The options of an agent of the manifest as its kind reads them. */
  optionsOf(agent: AgentName): Assignment['options']
  /** Bytes of output kept of one attempt. */
  readonly logBytes: number
  /** How long a polite stop may take, in milliseconds. */
  readonly graceMs: number
  /** Names of variables and files whose secrets are written down nowhere. */
  readonly secrets: readonly string[]
}

/** One attempt with all that differs between tasks and conflicts. */
export interface Piece {
  readonly order: AttemptOrder
  readonly task: Task
  readonly placement: Placement
  readonly base: CommitId
  readonly left: CommitId | null
  /** What it had written before it was rebased; null where it was not. */
  readonly rebased: CommitId | null
  readonly values: TemplateValues
  /** Filled in. */
  readonly prompt: string | null
  readonly saved: AttemptMeans['saved']
}

/** A program must be gone before its actor's own time is over. */
const programShare = 0.8

interface Start extends Piece {
  readonly workspace: Workspace
  readonly heard: () => void
  readonly listen: (event: AgentEvent) => void
}

/** A process of the actor's own is told like those that its agent starts. */
export async function startActor(parts: ActorParts, start: Start): Promise<ActorHandle<AgentActorApi>> {
  const { order, task } = start
  const { kind, host } = start.placement
  const id = asActorId(`${task.id}.${order.attempt}`)
  const log = { path: parts.logPath(task.id, order.attempt), maxBytes: parts.logBytes }
  const assignment = assignmentOf(parts, start)
  const spec = agentSpec(id, {
    assignment,
    kind,
    kindsModule: parts.kindsModule,
    log,
    graceMs: parts.graceMs * programShare,
    secrets: parts.secrets,
    modelsAreShared: host !== 'async',
  })
  const emit = (event: unknown): void => {
    start.heard()
    start.listen(event as AgentEvent)
    order.tell(event as AgentEvent)
  }
  const actor = await parts.tree.startAgent(id, () => parts.host(host).start<AgentActorApi>(spec, { emit }))
  if (actor.identity !== null) order.tell({ type: 'process', process: actor.identity })
  return actor
}

function assignmentOf({ run, optionsOf }: ActorParts, start: Start): Assignment {
  const { order, task, workspace, prompt, values, rebased } = start
  const options = optionsOf(task.agent)
  const withPrompt = { ...values, prompt: prompt ?? '' }
  const argv = options['argv'] as readonly string[] | undefined
  return {
    run,
    task: task.id,
    attempt: order.attempt,
    agent: task.agent,
    verb: task.verb,
    prompt,
    command: task.command === null ? null : renderArguments(task.command, withPrompt),
    files: task.files,
    owns: task.owns,
    env: task.env,
    options: argv === undefined ? options : { ...options, argv: renderArguments(argv, withPrompt) },
    directory: workspace.directory,
    looksOnly: start.placement.workspace !== 'own',
    continued: workspace.continued ?? false,
    timeoutMs: task.timeoutMs,
    rebased,
  }
}
