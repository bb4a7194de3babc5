import type { ModelMessage } from 'ai'
import { messageOf } from '../../errors.ts'
import type { Clock } from '../../clock.ts'
import type { Launcher } from '../../processes/launcher.ts'
import type { Agent, AgentContext, Assignment, Outcome } from '../agent.ts'
import { environmentOf, inheritedFrom } from '../command/environment.ts'
import { inSandboxAtHome } from '../sandbox/sandbox.ts'
import { confine } from '../confinement/confinement.ts'
import type { ModelOptions } from './options.ts'
import { type Patience, usualPatience } from './patience.ts'
import { differs, type Picture, pictureOf } from './picture.ts'
import { promptFor } from './prompt.ts'
import type { ModelQuestion } from './question.ts'
import { type Settings, settingsOf } from './settings.ts'
import type { Desk } from './tools/desk.ts'
import { toolsFor } from './tools/tools.ts'
import { type Job, work } from './work.ts'

/** What the agent is made of. */
export interface ModelAgentParts {
  readonly clock: Clock
  readonly launcher: Launcher
  /** Holds the keys. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly patience?: Patience
}

/** Verbs that ask for a change; a free verb may ask for anything. */
const changing: ReadonlySet<string> = new Set(['implement', 'fix', 'test', 'docs'])

/**
 * The agent that has a model work with tools: look, edit, run commands. Its paths never lead out of the workspace, each write is asked
 * for, each call to the provider takes a place of its budget.
 */
export function modelAgent(parts: ModelAgentParts): Agent {
  return async (assignment, context) => {
    if (context.signal.aborted) return cancelled(context)
    const { launcher } = parts
    const choice = assignment.options as ModelOptions
    return await inSandboxAtHome({ choice, assignment, context, launcher }, (inside, home) => {
      const env = { ...home?.env, ...assignment.env }
      return attempt({ ...assignment, env }, context, { ...parts, launcher: inside })
    })
  }
}

async function attempt(assignment: Assignment, context: AgentContext, parts: ModelAgentParts): Promise<Outcome> {
  const options = assignment.options as ModelOptions
  const settings = settingsOf(options)
  if (settings === null) return failed('it is not said which model is asked')
  const key = settings.keyFrom === null ? null : (parts.environment[settings.keyFrom] ?? '')
  if (key === '') return failed(`the variable ${settings.keyFrom} holds no key`, 'auth')
  const reading = await promptFor(assignment)
  if (!reading.ok) return failed(reading.message)
  const { prompt } = reading
  const order = { assignment, context: withoutKey(context, key), options, parts }
  const { desk, hasChanged } = deskOf(order)
  const job = {
    desk,
    settings,
    options,
    hasChanged,
    tools: toolsFor(assignment.verb),
    task: taskOf(assignment, prompt.task),
    expectsChange: changing.has(assignment.verb),
    ask: await askingBy(order, { settings, key, system: prompt.system }),
    patience: parts.patience ?? usualPatience,
  }
  try {
    return outcomeWithoutKey(await work(job), key)
  } catch (error) {
    if (context.signal.aborted) return cancelled(context)
    throw error
  }
}

/** Whether an earlier attempt has written something that is there or can be had. */
const leftBefore = ({ continued, rebased }: Assignment): boolean => continued || rebased !== null

function taskOf({ continued, rebased }: Assignment, task: string): string {
  if (rebased !== null)
    return `${task}\n\nThe repository has moved on since an earlier attempt; what that had written is the commit ${rebased}. Look at it with git show, and bring it here.`
  return continued
    ? `${task}\n\nAn earlier attempt has left its changes here. Look at them with git status, and go on.`
    : task
}

interface Order {
  readonly assignment: Assignment
  readonly context: AgentContext
  readonly options: ModelOptions
  readonly parts: ModelAgentParts
}

interface Said {
  readonly settings: Settings
  readonly key: string | null
  readonly system: string
}

/** What talks to models takes long to load: an agent that has somebody ask in its stead does without. */
async function askingBy({ assignment, context, options, parts }: Order, said: Said): Promise<Job['ask']> {
  const { settings, key, system } = said
  const { askModel } = context
  const { temperature = null, idleSeconds } = options
  const whole = { settings, system, temperature, verb: assignment.verb, idleMs: idleSeconds * 1_000 }
  const question = (messages: readonly ModelMessage[]): ModelQuestion => ({
    ...whole,
    messages: JSON.stringify(messages),
  })
  if (askModel !== undefined) return (messages) => askModel(question(messages))
  const { askOnce } = await import('./ask.ts')
  return (messages) => askOnce(question(messages), { asker: context, clock: parts.clock, key })
}

function deskOf({ assignment, context, options, parts }: Order): {
  readonly desk: Desk
  readonly hasChanged: () => Promise<boolean>
} {
  const { directory } = assignment
  const written = new Set<string>()
  let before: { readonly picture: Picture } | null = null
  const desk: Desk = {
    assignment,
    context,
    written,
    clock: parts.clock,
    launcher: parts.launcher,
    files: confine(directory, context.mayWrite),
    environment: environmentOf({
      inherited: inheritedFrom(parts.environment, options.inheritEnv),
      agent: options.env,
      assignment,
      resultPath: null,
    }),
    commandMs: options.commandSeconds * 1_000,
    findings: [],
    async beforeCommand() {
      before ??= { picture: await pictureOf(directory) }
    },
  }
  const hasChanged = async (): Promise<boolean> =>
    leftBefore(assignment) ||
    written.size > 0 ||
    (before !== null && differs(before.picture, await pictureOf(directory)))
  return { desk, hasChanged }
}

/** A provider may repeat a key in what it says about it. */
function withoutKey(context: AgentContext, key: string | null): AgentContext {
  if (key === null) return context
  const cleaned = (text: string): string => text.replaceAll(key, '[key]')
  return {
    ...context,
    output: (chunk) => {
      context.output(typeof chunk === 'string' ? cleaned(chunk) : chunk)
    },
    progress: (line) => {
      context.progress(cleaned(line))
    },
  }
}

function outcomeWithoutKey(outcome: Outcome, key: string | null): Outcome {
  if (outcome.how !== 'failed' || key === null) return outcome
  const { message, signature } = outcome.failure
  const failure = { message: message.replaceAll(key, '[key]'), signature: signature.replaceAll(key, '[key]') }
  return { ...outcome, failure: { ...outcome.failure, ...failure } }
}

const cancelled = ({ signal }: AgentContext): Outcome => ({ how: 'cancelled', reason: messageOf(signal.reason) })

const failed = (message: string, kind?: 'auth'): Outcome => ({
  how: 'failed',
  failure: { kind: 'agent', message, signature: `agent ${message}`, ...(kind !== undefined && { class: kind }) },
  details: {},
})
