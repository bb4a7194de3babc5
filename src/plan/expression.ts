import { proposalName } from '../refs.ts'
import { asAgentName, asTaskId, namePattern, type TaskId } from '../ids.ts'
import { didYouMean } from './closest.ts'
import type { ExpressionMistake } from './expression-tokens.ts'
import { type Clause, type ExpressionTree, treeOf } from './expression-tree.ts'
import type { PlanKinds } from './kinds.ts'
import { linePlaces } from './line-places.ts'
import { normalPath, pathMistake } from './repository-path.ts'
import { resolveManifest } from './resolve-manifest.ts'
import { type Manifest, noBudget, type Reading, type Task } from './task.ts'
import { templateMistakes } from './template.ts'

/** Whether an argument can only be an expression: it has white space or a bracket. A file of that name goes first. */
export const isExpression = (argument: string): boolean => /[\s()]/.test(argument.trim())

/** Reads a one-line task expression and answers with the manifest it stands for, or with every mistake by its column. */
export function readExpression(text: string, { kinds }: { readonly kinds: PlanKinds }): Reading<Manifest> {
  const { tree, mistakes: grammar } = treeOf(text)
  const collection: Collection = { tasks: [], ids: new Set([proposalName]), mistakes: [...grammar], kinds }
  if (tree !== null) collect(tree, [], collection)
  const { tasks, mistakes } = collection
  if (mistakes.length > 0) {
    const sorted = mistakes.toSorted((a, b) => a.offset - b.offset)
    // an expression is one line, but a shell hands on line breaks inside its quotes
    const placeOf = linePlaces(text)
    return { ok: false, mistakes: sorted.map(({ offset, message }) => ({ ...placeOf(offset), path: '', message })) }
  }
  const manifest = resolveManifest({ version: 1, tasks: [] }, kinds)
  const { stallMs, memoryBytes } = manifest
  return {
    ok: true,
    value: { ...manifest, tasks: tasks.map((task) => ({ ...task, stallMs, memoryBytes })) },
    warnings: [],
  }
}

interface Collection {
  readonly tasks: Task[]
  /** In lower case. */
  readonly ids: Set<string>
  readonly mistakes: ExpressionMistake[]
  readonly kinds: PlanKinds
}

/** Adds the tasks of a tree, which need `before`; answers with the last ones, which what follows needs. */
function collect(tree: ExpressionTree, before: readonly TaskId[], collection: Collection): readonly TaskId[] {
  switch (tree.type) {
    case 'task':
      return [addTask(tree.clause, before, collection)]
    case 'and':
      return tree.parts.flatMap((part) => collect(part, before, collection))
    case 'then':
      return tree.parts.reduce((needs, part) => collect(part, needs, collection), before)
  }
}

function addTask(clause: Clause, needs: readonly TaskId[], { tasks, ids, mistakes, kinds }: Collection): TaskId {
  const { verb, prompt, agent, paths } = clause
  const task: Task = {
    id: asTaskId(freeId(clause, ids)),
    agent: asAgentName(agent?.text ?? 'local'),
    verb,
    prompt: prompt?.text ?? null,
    command: null,
    files: paths.map(({ text }) => normalPath(text)),
    owns: null,
    needs,
    priority: 0,
    estimateMs: null,
    timeoutMs: null,
    stallMs: null,
    memoryBytes: null,
    budget: noBudget,
    bestOf: null,
    retries: 0,
    onRetry: 'fresh',
    env: {},
    workspace: null,
  }
  mistakes.push(...pathMistakes(clause), ...promptMistakes(clause, task), ...agentMistakes(clause, task, kinds))
  ids.add(task.id.toLowerCase())
  tasks.push(task)
  return task.id
}

const pathMistakes = ({ paths }: Clause): readonly ExpressionMistake[] =>
  paths.flatMap(({ text, offset }) => {
    const mistake = pathMistake(text)
    return mistake === null ? [] : [{ offset, message: `the path ${JSON.stringify(text)} ${mistake}` }]
  })

function promptMistakes({ prompt }: Clause, { needs }: Task): readonly ExpressionMistake[] {
  if (prompt === null) return []
  const { text, offset } = prompt
  if (text.trim() === '') return [{ offset, message: 'the prompt must not be empty' }]
  return templateMistakes(text, { needs, withPrompt: false }).map((message) => ({ offset, message }))
}

function agentMistakes({ agent, offset }: Clause, task: Task, kinds: PlanKinds): readonly ExpressionMistake[] {
  const kind = kinds.get(task.agent)
  if (kind === undefined) {
    const unknown = `no agent is called ${task.agent}${didYouMean(task.agent, kinds.keys())}`
    const message = task.agent === '' ? 'the name of an agent must follow the @' : unknown
    return [{ offset: agent?.offset ?? offset, message }]
  }
  const { verb, prompt, files } = task
  return kind.mistakes({ verb, prompt, command: null, files, options: {} }).map((message) => ({ offset, message }))
}

/** `<verb>-<file's name>`, made unique and safe for file names and refs. */
function freeId({ verb, paths: [first] }: Clause, taken: ReadonlySet<string>): string {
  const stem = first?.text
    .split('/')
    .findLast((step) => step !== '')
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
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/\.lock(?=[^A-Za-z0-9]*$)/g, '-lock')
    .slice(0, 56)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
  return namePattern.test(safe) ? safe : 'task'
}
