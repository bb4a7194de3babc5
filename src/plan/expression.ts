import { asAgentName, asTaskId, namePattern } from '../ids.ts'
import { didYouMean } from './closest.ts'
import { mistakeAt } from './expression-tokens.ts'
import { type Clause, type ExpressionTree, treeOf } from './expression-tree.ts'
import type { PlanKinds } from './kinds.ts'
import { normalPath, pathMistake } from './repository-path.ts'
import { resolveManifest } from './resolve-manifest.ts'
import type { Manifest, Mistake, Reading, Task } from './task.ts'
import { templateMistakes } from './template.ts'

/** Whether an argument can only be an expression: it has white space or a bracket. A file of that name goes first. */
export const isExpression = (argument: string): boolean => /[\s()]/.test(argument.trim())

/** Reads a one-line task expression and answers with the manifest it stands for, or with every mistake by its column. */
export function readExpression(text: string, { kinds }: { readonly kinds: PlanKinds }): Reading<Manifest> {
  const { tree, mistakes: grammar } = treeOf(text)
  const tasks: Task[] = []
  const mistakes: Mistake[] = [...grammar]
  if (tree !== null) collect(tree, [], { tasks, mistakes, kinds })
  if (mistakes.length > 0) return { ok: false, mistakes: mistakes.toSorted((a, b) => a.column - b.column) }
  const manifest = resolveManifest({ version: 1, tasks: [] }, kinds)
  return { ok: true, value: { ...manifest, tasks }, warnings: [] }
}

interface Collection {
  readonly tasks: Task[]
  readonly mistakes: Mistake[]
  readonly kinds: PlanKinds
}

/** Adds the tasks of a tree, which need `before`; answers with the last ones, which what follows needs. */
function collect(tree: ExpressionTree, before: Task['needs'], collection: Collection): Task['needs'] {
  switch (tree.type) {
    case 'task':
      return [addTask(tree.clause, before, collection)]
    case 'and':
      return tree.parts.flatMap((part) => collect(part, before, collection))
    case 'then':
      return tree.parts.reduce((needs, part) => collect(part, needs, collection), before)
  }
}

function addTask(clause: Clause, needs: Task['needs'], { tasks, mistakes, kinds }: Collection): Task['needs'][number] {
  const { verb, prompt, agent, paths } = clause
  const task: Task = {
    id: asTaskId(freeId(clause, new Set(tasks.map(({ id }) => id.toLowerCase())))),
    agent: asAgentName(agent?.name ?? 'local'),
    verb,
    prompt,
    command: null,
    files: paths.map(({ path }) => normalPath(path)),
    owns: null,
    needs,
    priority: 0,
    timeoutMs: null,
    retries: 0,
    env: {},
    workspace: null,
  }
  mistakes.push(...clauseMistakes(clause, task, kinds))
  tasks.push(task)
  return task.id
}

function clauseMistakes(clause: Clause, task: Task, kinds: PlanKinds): readonly Mistake[] {
  const { agent, paths, prompt, column } = clause
  const badPaths = paths.flatMap(({ path, column: at }) => {
    const mistake = pathMistake(path)
    return mistake === null ? [] : [mistakeAt(at, `the path ${JSON.stringify(path)} ${mistake}`)]
  })
  const templates = prompt === null ? [] : templateMistakes(prompt, { needs: task.needs, withPrompt: false })
  const kind = kinds.get(task.agent)
  if (kind === undefined) {
    const message = `no agent is called ${task.agent}${didYouMean(task.agent, kinds.keys())}`
    return [...badPaths, mistakeAt(agent?.column ?? column, message)]
  }
  const judged = kind.mistakes({ verb: task.verb, prompt, command: null, files: task.files, options: {} })
  return [...badPaths, ...[...templates, ...judged].map((message) => mistakeAt(column, message))]
}

/** `<verb>-<file's name>`, made unique and safe for file names. */
function freeId({ verb, paths: [first] }: Clause, taken: ReadonlySet<string>): string {
  const stem = first?.path
    .split('/')
    .at(-1)
    ?.replace(/(?<=.)\.[^.]*$/, '')
  const wanted = safeName(stem === undefined ? verb : `${verb}-${stem}`)
  if (!taken.has(wanted.toLowerCase())) return wanted
  for (let number = 2; ; number++) {
    const id = `${wanted}-${number}`
    if (!taken.has(id.toLowerCase())) return id
  }
}

function safeName(text: string): string {
  const safe = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 56)
  return namePattern.test(safe) ? safe : 'task'
}
