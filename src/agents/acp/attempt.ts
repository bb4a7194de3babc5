import { join, resolve } from 'node:path'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Launcher } from '../../processes/launcher.ts'
import type { Program } from '../../processes/program.ts'
import type { AgentContext, Assignment } from '../agent.ts'
import { environmentOf, inheritedFrom } from '../command/environment.ts'
import { takeResult } from '../command/result-file.ts'
import { changedSince, momentIn } from '../changed-since.ts'
import { confine } from '../confinement/confinement.ts'
import type { Confined } from '../confinement/refusal.ts'
import type { Verdict } from '../in-one-place.ts'
import type { OwnHome } from '../own-home.ts'
import { expectedOf } from '../proof.ts'
import { goOn, promptOf } from '../task-prompt.ts'
import { AgentProgram } from './agent-program.ts'
import { answeringClient } from './answers.ts'
import { converse, type End, type Order } from './conversation.ts'
import { verdictOf } from './ending.ts'
import type { AcpOptions } from './options.ts'
import type { Preset } from './presets.ts'
import { SessionUsage } from './session-usage.ts'
import { Terminals } from './terminals.ts'
import { Transcript } from './transcript.ts'

/** What one attempt is about. */
export interface Attempt {
  readonly assignment: Assignment
  readonly options: AcpOptions
  readonly preset: Preset | null
  readonly home: OwnHome
}

/** What it is carried out with. */
export interface Means {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly context: AgentContext
}

const cancelMs = 2_000
const toldPaths = 200
const rememberedDenials = 10_000

/** Starts the agent, lets it do the task in one session, ends it, and judges what came of it. */
export async function performAttempt(attempt: Attempt, means: Means): Promise<Verdict> {
  const { assignment, home } = attempt
  const { clock, context } = means
  const began = clock.monotonic()
  const since = await momentIn(home.path)
  const resultPath = join(home.path, 'troupe-result.json')
  const program = programOf(attempt, resultPath)
  const stage = newStage(attempt, program, means)
  const end = await converseOn(stage, attempt, means)
  await stage.terminals.close()
  const programEnd = await stage.running.leave()
  stage.connection.close()
  if (end.how === 'cancelled')
    return { outcome: { how: 'cancelled', reason: messageOf(context.signal.reason) }, refusal: null }
  const { transcript, denied, usage } = stage
  return verdictOf(
    {
      program,
      end,
      programEnd,
      lastError: stage.running.errors.tellingLine(200),
      transcript,
      denied,
      expects: expectedOf(attempt.options.expects, assignment.verb),
      changed: assignment.continued || (await changedSince(assignment.directory, since, transcript.written)),
      result: await takeResult(resultPath),
      now: clock.now(),
    },
    {
      durationMs: Math.round(clock.monotonic() - began),
      touched: touchedIn(assignment.directory, transcript.written),
      ...(denied.length > 0 && { denied: denied.slice(0, toldPaths) }),
      ...(usage.total !== null && { usage: usage.total }),
    },
  )
}

interface Stage {
  readonly transcript: Transcript
  readonly denied: readonly string[]
  readonly usage: SessionUsage
  readonly terminals: Terminals
  readonly running: AgentProgram
  readonly connection: ReturnType<ReturnType<typeof answeringClient>['connect']>
}

function newStage({ assignment: { directory }, options }: Attempt, program: Program, means: Means): Stage {
  const transcript = new Transcript()
  const denied: string[] = []
  const files = confine(directory, means.context.mayWrite)
  const folder = async (path: string): Promise<Confined<string>> => {
    const found = await files.list(path)
    return found.ok ? { ok: true, value: resolve(directory, path) } : found
  }
  const terminals = new Terminals({ ...means, directory, env: program.env, folder })
  const running = new AgentProgram(program, means)
  const app = answeringClient({
    directory,
    permissions: options.permissions,
    context: means.context,
    transcript,
    terminals,
    denied(reason) {
      if (denied.length < rememberedDenials) denied.push(reason)
    },
  })
  const connection = app.connect(running.pipe.stream)
  return { transcript, denied, usage: new SessionUsage(), terminals, running, connection }
}

function converseOn(stage: Stage, attempt: Attempt, { clock, context }: Means): Promise<End> {
  const { transcript, usage, running, terminals } = stage
  return converse(stage.connection, orderOf(stage, attempt), {
    clock,
    signal: context.signal,
    cancelMs: Math.min(cancelMs, context.graceMs / 4),
    // an agent that waits for a command is not idle
    heardAt: () => Math.max(terminals.busyAt, running.heardAt),
    note(line) {
      context.output(`${line}\n`)
    },
    used(tokens) {
      const more = usage.add({ tokens, costUsd: transcript.costUsd })
      if (more !== null) context.used(more)
    },
  })
}

function orderOf({ transcript, denied }: Stage, attempt: Attempt): Order {
  const { assignment, options, preset } = attempt
  let told = 0
  return {
    directory: assignment.directory,
    options,
    reads: preset?.reads ?? true,
    mode: options.mode === undefined ? modeOf(preset) : { id: options.mode, required: true },
    prompt: promptOf(assignment, expectedOf(options.expects, assignment.verb)),
    followUp(stopReason) {
      const reasons = [...new Set(denied.slice(told))]
      told = denied.length
      const hasStopped = stopReason === 'cancelled' || !transcript.hasGoneOn
      return reasons.length > 0 && hasStopped ? goOn(reasons) : null
    },
  }
}

const modeOf = (preset: Preset | null): Order['mode'] =>
  preset === null || preset.mode === null ? null : { id: preset.mode, required: false }

function programOf({ assignment, options, preset, home }: Attempt, resultPath: string): Program {
  return {
    argv: options.argv ?? preset?.argv ?? [],
    shell: false,
    directory: assignment.directory,
    env: environmentOf({
      inherited: inheritedFrom(process.env, options.inheritEnv),
      agent: { ...preset?.env(home.path), ...home.env, ...options.env },
      assignment,
      resultPath,
    }),
  }
}

const touchedIn = (directory: string, paths: readonly string[]): readonly string[] =>
  [...new Set(paths.map((path) => insideOf(directory, path)))].slice(0, toldPaths)

const insideOf = (directory: string, path: string): string =>
  path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path
