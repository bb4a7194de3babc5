import type { Agent, AgentKind, Outcome } from '../agents/agent.ts'
import { ProviderHeld } from '../agents/provider/provider-held.ts'
import { withoutSecrets } from '../agents/without-secrets.ts'
import { foldText } from '../agents/command/failure.ts'
import { systemClock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { hideNothing, openRedactor } from '../redaction.ts'
import { secretsIn } from '../secret-values.ts'
import type { AgentActorApi, AgentActorInput, AgentEvent } from './agent-api.ts'
import { openLoader } from './actor-side.ts'
import { AgentQuestions } from './agent-questions.ts'
import { AgentReport } from './agent-report.ts'
import type { ActorContext, ActorFactory } from './contract.ts'

/**
 * The actor that lets an agent do one assignment, in whatever host. Cannot start when the kind is unknown; after that every
 * end of the agent, a thrown error included, is an Outcome.
 */
export const agentActor: ActorFactory = async (context) => {
  const order = context.input as AgentActorInput
  const agent = await loadAgent(order)
  const questions = new AgentQuestions(context)
  const api: AgentActorApi = {
    // whoever has done its assignment is not asked for anything any more: no word to end has to come and go
    run: () => perform(agent, order, { context, questions }).finally(context.finish),
    answer: (id, value) => {
      questions.answer(id, value)
    },
    sign: (id, line) => {
      questions.sign(id, line)
    },
  }
  return api
}

interface Stage {
  /** Its signal is not looked at before the agent does. */
  readonly context: ActorContext
  readonly questions: AgentQuestions
}

const loadKinds = openLoader()

async function loadAgent({ kind, kindsModule }: AgentActorInput): Promise<Agent> {
  const { kinds } = (await loadKinds(kindsModule)) as { readonly kinds: ReadonlyMap<string, Pick<AgentKind, 'load'>> }
  const found = kinds.get(kind)
  if (found === undefined) throw new TypeError(`no agent is of kind ${kind}; known are ${[...kinds.keys()].join(', ')}`)
  return await found.load()
}

async function perform(agent: Agent, order: AgentActorInput, stage: Stage): Promise<Outcome> {
  const { secrets = [], log } = order
  const hide = secrets.length === 0 ? hideNothing : openRedactor(secretsIn(secrets, process.env))
  const report = new AgentReport({ log, hide }, systemClock, stage.context.emit)
  const outcome = withoutSecrets(await attempt(agent, order, stage, report), hide)
  const missing = report.close()
  return outcome.how === 'cancelled' ? outcome : { ...outcome, details: { ...outcome.details, ...missing } }
}

async function attempt(
  agent: Agent,
  { assignment, graceMs, modelsAreShared = false }: AgentActorInput,
  { context, questions }: Stage,
  report: AgentReport,
): Promise<Outcome> {
  const progress = (line: string): void => {
    report.progress(line)
  }
  try {
    return await agent(assignment, {
      get signal() {
        return context.signal
      },
      graceMs,
      output: (chunk) => {
        report.output(chunk)
      },
      progress,
      started: (process) => {
        report.started(process)
      },
      used: (usage) => {
        context.emit({ type: 'usage', usage } satisfies AgentEvent)
      },
      mayWrite: (paths) => questions.mayWrite(paths),
      place: () => questions.place(),
      ...(modelsAreShared && { askModel: (question) => questions.askModel(question, progress) }),
    })
  } catch (error) {
    return outcomeOf(error, context.signal, assignment.directory)
  }
}

function outcomeOf(error: unknown, signal: AbortSignal, directory: string): Outcome {
  if (signal.aborted) return { how: 'cancelled', reason: messageOf(signal.reason) }
  if (error instanceof ProviderHeld) return { how: 'failed', failure: error.failure, details: {} }
  const name = error instanceof Error ? error.name : 'Error'
  const message = `the agent threw ${name}: ${messageOf(error)}`
  const stack = error instanceof Error ? (error.stack ?? null) : null
  return {
    how: 'failed',
    failure: { kind: 'crash', message, signature: `crash ${name} ${foldText(messageOf(error), directory)}` },
    details: { stack },
  }
}
