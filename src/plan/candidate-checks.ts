import { isSound, judgements } from './agent-fit.ts'
import { didYouMean } from './closest.ts'
import { isText, type LooseAgent, type LooseTask } from './loose.ts'
import { agentOf, verbOf } from './resolve-task.ts'
import type { Path } from './places.ts'
import type { Checked } from './shape-mistakes.ts'
import type { Mistake } from './task.ts'

type Agents = ReadonlyMap<string, LooseAgent>

/** Every mistake about who tries a task that is for several. */
export function candidateChecks(
  tasks: readonly LooseTask[],
  agents: Agents,
  { places, kinds }: Checked,
): readonly Mistake[] {
  return tasks.flatMap((task) => {
    const { bestOf } = task.value
    if (bestOf === undefined) return []
    const at: Path = ['tasks', task.index, 'bestOf']
    const names: readonly unknown[] = Array.isArray(bestOf) ? bestOf : [agentOf(task.value)]
    const each = names.flatMap((name, place) =>
      isText(name)
        ? candidateMistakes(task, name, { agents, kinds }).map((message) =>
            places.atValue(Array.isArray(bestOf) ? [...at, place] : at, message),
          )
        : [],
    )
    return [...shapeMistakes(task).map((message) => places.atValue(at, message)), ...each]
  })
}

function shapeMistakes({ value }: LooseTask): readonly string[] {
  const { bestOf, agent, command, workspace } = value
  const isList = Array.isArray(bestOf)
  return [
    ...(isList && agent !== undefined ? ['a list names all agents: leave agent out'] : []),
    ...(isList && command !== undefined ? ['a command is the same for all: give a number, or the task a prompt'] : []),
    ...(workspace === 'shared' || workspace === 'none' ? [needsOwn] : []),
  ]
}

const needsOwn = 'each needs a workspace of its own'

function candidateMistakes(
  task: LooseTask,
  name: string,
  { agents, kinds }: { readonly agents: Agents; readonly kinds: Checked['kinds'] },
): readonly string[] {
  const { value } = task
  const isListed = Array.isArray(value['bestOf'])
  const agent = agents.get(name)
  if (agent === undefined) return isListed ? [`no agent is called ${name}${didYouMean(name, agents.keys())}`] : []
  const kind = agent.kind === null ? undefined : kinds.get(agent.kind)
  if (kind === undefined || !isSound(task, agent, kind)) return []
  const isOwn = value['workspace'] !== undefined || kind.preferredWorkspace(verbOf(value, agent.options)) === 'own'
  const isFirst = name === agentOf(value) // which is judged with its task
  return [
    ...(isListed && !isFirst ? judgements(task, agent, kind) : []),
    ...(isOwn ? [] : [`${needsOwn}: say workspace: own, or leave this to one`]),
  ]
}
