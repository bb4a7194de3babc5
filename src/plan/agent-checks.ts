import { didYouMean } from './closest.ts'
import { candidateChecks } from './candidate-checks.ts'
import { isSound, judgements } from './agent-fit.ts'
import { commandWords } from './command-words.ts'
import { isRecord, isText, type LooseAgent, looseAgents, type LooseTask, stringsOf } from './loose.ts'
import type { Path } from './places.ts'
import { knownProviders } from './providers.ts'
import { agentOf, asksNothing } from './resolve-task.ts'
import type { Checked } from './shape-mistakes.ts'
import type { Mistake } from './task.ts'
import { templateMistakes } from './template.ts'

/** Every mistake between tasks and the agents they are for. */
export function agentChecks(tasks: readonly LooseTask[], checked: Checked): readonly Mistake[] {
  const agents = new Map<string, LooseAgent>([
    ...[...checked.kinds.keys()].map((kind) => [kind, { kind, options: {} }] as const),
    ...looseAgents(checked.document),
  ])
  return [
    ...tasks.flatMap((task) => {
      const agent = agents.get(agentOf(task.value))
      return agent === undefined ? unknownAgent(task, agents, checked) : fitMistakes(task, agent, checked)
    }),
    ...candidateChecks(tasks, agents, checked),
    ...argvTemplates(tasks, agents, checked),
    ...unknownProviders(checked),
  ]
}

/** An agent shares the limits of a provider that is declared, or known. */
function unknownProviders({ document, places }: Checked): readonly Mistake[] {
  const { agents, providers } = isRecord(document) ? document : {}
  const names = [...knownProviders, ...Object.keys(isRecord(providers) ? providers : {})]
  return Object.entries(isRecord(agents) ? agents : {}).flatMap(([name, agent]) => {
    const provider = isRecord(agent) ? agent['provider'] : undefined
    if (typeof provider !== 'string' || !isText(provider) || names.includes(provider)) return []
    const message = `no provider is called ${provider}${didYouMean(provider, names)}`
    return [places.atValue(['agents', name, 'provider'], message)]
  })
}

function unknownAgent(
  { index, value }: LooseTask,
  agents: ReadonlyMap<string, LooseAgent>,
  { places }: Checked,
): readonly Mistake[] {
  const name = agentOf(value)
  if (!isText(name) || Array.isArray(value['bestOf'])) return []
  return [places.atValue(['tasks', index, 'agent'], `no agent is called ${name}${didYouMean(name, agents.keys())}`)]
}

/** Whether the agent can do what the task asks. */
function fitMistakes(task: LooseTask, agent: LooseAgent, { places, kinds }: Checked): readonly Mistake[] {
  const { index, value } = task
  const { command } = value
  if (isText(command) && agent.options['shell'] !== true) {
    const words = commandWords(command)
    if (!words.ok) return [places.atValue(['tasks', index, 'command'], words.message)]
  }
  if (asksNothing(value, agent.options)) {
    return [places.atValue(['tasks', index], 'asks for nothing: give it a verb, a prompt or a command')]
  }
  const kind = agent.kind === null ? undefined : kinds.get(agent.kind)
  if (kind === undefined || !isSound(task, agent, kind)) return []
  const at: Path = ['tasks', index, 'verb' in value ? 'verb' : 'id']
  return judgements(task, agent, kind).map((message) => places.atValue(at, message))
}

/** An agent's argv serves several tasks, so it may quote only what each of them needs. */
function argvTemplates(
  tasks: readonly LooseTask[],
  agents: ReadonlyMap<string, LooseAgent>,
  { places }: Checked,
): readonly Mistake[] {
  const needs = sharedNeeds(tasks)
  return [...agents].flatMap(([name, { options }]) =>
    stringsOf(options['argv']).flatMap((word, index) =>
      templateMistakes(word, { needs: needs.get(name) ?? [], withPrompt: true }).map((message) =>
        places.atValue(['agents', name, 'argv', index], message),
      ),
    ),
  )
}

/** What all tasks need that leave the command to their agent, by agent. */
function sharedNeeds(tasks: readonly LooseTask[]): ReadonlyMap<string, readonly string[]> {
  const shared = new Map<string, readonly string[]>()
  for (const { value, needs } of tasks) {
    if (value['command'] !== undefined) continue
    const name = agentOf(value)
    shared.set(name, shared.get(name)?.filter((need) => needs.includes(need)) ?? needs)
  }
  return shared
}
