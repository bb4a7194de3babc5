import { proposalName } from '../refs.ts'
import { agentChecks } from './agent-checks.ts'
import { didYouMean } from './closest.ts'
import { findCycles } from './cycle.ts'
import { isRecord, isText, type LooseTask, looseTasks } from './loose.ts'
import type { Path, PlaceFinder } from './places.ts'
import { normalPath, pathMistake } from './repository-path.ts'
import { agentOf } from './resolve-task.ts'
import { resolverChecks } from './resolver-checks.ts'
import type { Checked } from './shape-mistakes.ts'
import type { Mistake } from './task.ts'
import { templateMistakes } from './template.ts'

/** Every mistake between parts of a manifest, also when other parts are wrong by themselves. */
export function crossChecks(checked: Checked): readonly Mistake[] {
  const { document, places } = checked
  const tasks = looseTasks(document)
  const known = new Set(tasks.flatMap(({ id }) => id ?? []))
  return [
    ...sameNames(tasks, places),
    ...tasks.flatMap((task) => [...needsMistakes(task, known, places), ...taskTemplates(task, places)]),
    ...cycleMistakes(tasks, places),
    ...agentChecks(tasks, checked),
    ...resolverChecks(checked),
    ...sameOutputs(checked),
  ]
}

/** What is written to one file by two outputs is one of them only. */
function sameOutputs({ document, places }: Checked): readonly Mistake[] {
  const output = isRecord(document) && isRecord(document['output']) ? document['output'] : {}
  const paths = new Map<string, string>()
  return Object.entries(output).flatMap(([key, path]) => {
    if (typeof path !== 'string' || pathMistake(path) !== null) return []
    const earlier = addOnce(paths, normalPath(path), key)
    return earlier === null
      ? []
      : [places.atValue(['output', key], `output.${earlier} is written to this path already`)]
  })
}

function sameNames(tasks: readonly LooseTask[], places: PlaceFinder): readonly Mistake[] {
  const ids = new Map<string, string>()
  const files = new Map<string, string>()
  return tasks.flatMap(({ id, index, value }) => {
    if (id === null) return []
    const at: Path = ['tasks', index, 'id']
    if (id.toLowerCase() === proposalName)
      return [places.atValue(at, `must not be ${proposalName}: that is the run's own ref`)]
    const earlier = addOnce(ids, id)
    if (earlier === id) return [places.atValue(at, `a task is called ${id} already`)]
    if (earlier !== null) return [places.atValue(at, `differs from ${earlier} in case only, and so would its files`)]
    const file = `${agentOf(value)}_${id}`
    const sameFile = addOnce(files, file, id)
    return sameFile === null ? [] : [places.atValue(at, `its files and those of ${sameFile} would be called ${file}`)]
  })
}

/** What was called the same before, without regard to case; null when this is the first. */
function addOnce(names: Map<string, string>, name: string, owner = name): string | null {
  const key = name.toLowerCase()
  const earlier = names.get(key)
  if (earlier === undefined) names.set(key, owner)
  return earlier ?? null
}

function needsMistakes(task: LooseTask, known: ReadonlySet<string>, places: PlaceFinder): readonly Mistake[] {
  const written: unknown = task.value['needs']
  if (!Array.isArray(written)) return []
  const seen = new Set<string>()
  return written.flatMap((need: unknown, index) => {
    const message = isText(need) ? needMistake(need, seen, { task, known }) : null
    return message === null ? [] : [places.atValue(['tasks', task.index, 'needs', index], message)]
  })
}

interface NeedScope {
  readonly task: LooseTask
  readonly known: ReadonlySet<string>
}

function needMistake(need: string, seen: Set<string>, { task, known }: NeedScope): string | null {
  if (need === task.id) return 'a task cannot need itself'
  if (seen.has(need)) return `${need} is named twice`
  seen.add(need)
  return known.has(need) ? null : `no task is called ${need}${didYouMean(need, known)}`
}

function cycleMistakes(tasks: readonly LooseTask[], places: PlaceFinder): readonly Mistake[] {
  const named = new Map<string, LooseTask>()
  for (const task of tasks) if (task.id !== null && !named.has(task.id)) named.set(task.id, task)
  const needs = new Map([...named].map(([id, task]) => [id, task.needs.filter((need) => need !== id)]))
  return findCycles(needs).map((cycle) => {
    const index = named.get(cycle[0] ?? '')?.index ?? 0
    return places.atValue(['tasks', index, 'needs'], `tasks wait for each other: ${cycle.join(' -> ')}`)
  })
}

function taskTemplates({ index, value, needs }: LooseTask, places: PlaceFinder): readonly Mistake[] {
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
