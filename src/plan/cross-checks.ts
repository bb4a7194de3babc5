import { commandWords } from './command-words.ts'
import { findCycle } from './cycle.ts'
import { didYouMean } from './closest.ts'
import type { PlanKinds } from './kinds.ts'
import { isRecord, type LooseTask, looseAgents, looseTasks, stringsOf } from './loose.ts'
import type { Path, Places } from './places.ts'
import { agentOf, argvOf, verbOf } from './resolve-task.ts'
import type { Mistake } from './task.ts'
import { templateMistakes } from './template.ts'

/** A document as read, where it stands, and what kinds of agents there are. */
export interface Checked {
  readonly document: unknown
  readonly places: Places
  readonly kinds: PlanKinds
}

/** Every mistake between parts of a manifest, also when other parts are wrong by themselves. */
export function crossChecks(checked: Checked): readonly Mistake[] {
  const tasks = looseTasks(checked.document)
  const known = new Set(tasks.flatMap(({ id }) => (id === null ? [] : [id])))
  return [
    ...sameNames(tasks, checked.places),
    ...tasks.flatMap((task) => [
      ...needsMistakes(task, known, checked.places),
      ...agentMistakes(task, checked),
      ...taskTemplates(task, checked.places),
    ]),
    ...cycleMistake(tasks, checked.places),
    ...agentTemplates(tasks, checked),
  ]
}

function sameNames(tasks: readonly LooseTask[], places: Places): readonly Mistake[] {
  const firstId = new Map<string, string>()
  const firstFile = new Map<string, string>()
  return tasks.flatMap(({ id, index, value }) => {
    if (id === null) return []
    const at: Path = ['tasks', index, 'id']
    const earlier = firstId.get(id.toLowerCase())
    if (earlier === id) return [places.atValue(at, `a task is called ${id} already`)]
    if (earlier !== undefined)
      return [places.atValue(at, `differs from ${earlier} in case only, and so would its files`)]
    firstId.set(id.toLowerCase(), id)
    const file = `${agentOf(value)}_${id}`.toLowerCase()
    const sameFile = firstFile.get(file)
    firstFile.set(file, id)
    return sameFile === undefined
      ? []
      : [places.atValue(at, `its files would have the names of those of ${sameFile}: ${file}`)]
  })
}

function needsMistakes(task: LooseTask, known: ReadonlySet<string>, places: Places): readonly Mistake[] {
  return task.needs.flatMap((need, index) => {
    const at: Path = ['tasks', task.index, 'needs', index]
    if (need === task.id) return [places.atValue(at, 'a task cannot need itself')]
    if (task.needs.indexOf(need) < index) return [places.atValue(at, `${need} is named twice`)]
    return known.has(need) ? [] : [places.atValue(at, `no task is called ${need}${didYouMean(need, known)}`)]
  })
}

function cycleMistake(tasks: readonly LooseTask[], places: Places): readonly Mistake[] {
  const named = tasks.flatMap(({ id, needs }) =>
    id === null ? [] : [[id, needs.filter((need) => need !== id)] as const],
  )
  const cycle = findCycle(new Map(named))
  if (cycle === null) return []
  const [first] = cycle
  const index = tasks.find(({ id }) => id === first)?.index ?? 0
  return [places.atValue(['tasks', index, 'needs'], `tasks wait for each other: ${cycle.join(' -> ')}`)]
}

function agentMistakes(task: LooseTask, { document, places, kinds }: Checked): readonly Mistake[] {
  const agents = looseAgents(document)
  const name = agentOf(task.value)
  const declared = agents[name]
  const kind = declared?.['kind'] ?? name
  const known = new Set([...Object.keys(agents), ...kinds.keys()])
  if (!known.has(name)) {
    return [places.atValue(['tasks', task.index, 'agent'], `no agent is called ${name}${didYouMean(name, known)}`)]
  }
  const judge = typeof kind === 'string' ? kinds.get(kind) : undefined
  if (judge === undefined) return []
  const options = declared ?? {}
  const { command } = task.value
  const shell = options['shell'] === true
  if (typeof command === 'string' && !shell) {
    const words = commandWords(command)
    if (!words.ok) return [places.atValue(['tasks', task.index, 'command'], words.message)]
  }
  const judged = {
    verb: verbOf(task.value),
    prompt: typeof task.value['prompt'] === 'string' ? task.value['prompt'] : null,
    command: argvOf(command, shell),
    files: stringsOf(task.value['files']),
    options,
  }
  const at: Path = ['tasks', task.index, 'verb' in task.value ? 'verb' : 'id']
  return judge.mistakes(judged).map((message) => places.atValue(at, message))
}

function taskTemplates({ index, value, needs }: LooseTask, places: Places): readonly Mistake[] {
  const { prompt, command } = value
  const check = (at: Path, text: unknown, withPrompt: boolean): readonly Mistake[] =>
    typeof text === 'string'
      ? templateMistakes(text, { needs, withPrompt }).map((message) => places.atValue(at, message))
      : []
  const words = Array.isArray(command) ? command : []
  return [
    ...check(['tasks', index, 'prompt'], prompt, false),
    ...check(['tasks', index, 'command'], command, true),
    ...words.flatMap((word: unknown, at) => check(['tasks', index, 'command', at], word, true)),
  ]
}

/** An agent's argv serves several tasks, so it may quote only what each of them needs. */
function agentTemplates(tasks: readonly LooseTask[], { document, places }: Checked): readonly Mistake[] {
  return Object.entries(looseAgents(document)).flatMap(([name, options]) => {
    const users = tasks.filter(({ value }) => agentOf(value) === name && value['command'] === undefined)
    const shared = users.map(({ needs }) => needs).reduce<readonly string[] | null>(common, null) ?? []
    const argv = isRecord(options) ? stringsOf(options['argv']) : []
    return argv.flatMap((word, index) =>
      templateMistakes(word, { needs: shared, withPrompt: true }).map((message) =>
        places.atValue(['agents', name, 'argv', index], message),
      ),
    )
  })
}

const common = (before: readonly string[] | null, needs: readonly string[]): readonly string[] =>
  before === null ? needs : before.filter((need) => needs.includes(need))
