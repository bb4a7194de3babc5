import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderText, templateMistakes } from '../../plan/template.ts'
import type { Assignment } from '../agent.ts'

const ownFolder = fileURLToPath(new URL('../../../prompts/', import.meta.url))

/** What a model is told at the beginning. */
export interface Prompt {
  /** How it is to work, whatever it does. */
  readonly system: string
  /** What it is to do. */
  readonly task: string
}

/** A prompt that cannot be used as it is. */
export type PromptReading =
  | { readonly ok: true; readonly prompt: Prompt }
  | { readonly ok: false; readonly message: string }

/**
 * The prompt for an assignment, from `system.md` and `<verb>.md`: of the workspace's `.agents/prompts` where they are committed there,
 * else of the repository's, else Troupe's own; a verb without a file has `any.md`.
 */
export async function promptFor(assignment: Assignment): Promise<PromptReading> {
  const folders = foldersFor(assignment.directory)
  const isPlain = /^[\w-]+$/.test(assignment.verb)
  const names = [...(isPlain ? [`${assignment.verb}.md`] : []), 'any.md']
  const system = await firstOf(folders, ['system.md'])
  const task = await firstOf(folders, names)
  for (const { path, text } of [system, task]) {
    const mistakes = templateMistakes(text, { needs: [], withPrompt: true })
    if (mistakes.length > 0) return { ok: false, message: `${path}: ${mistakes.join('; ')}` }
  }
  return { ok: true, prompt: { system: filled(system.text, assignment), task: filled(task.text, assignment) } }
}

interface Found {
  readonly path: string
  readonly text: string
}

/** A folder of prompts: `below` names it from a root that is trusted as it is. */
interface Folder {
  readonly root: string
  readonly below: string
}

/** A workspace of a run lies in the repository's own `.agents`. */
function foldersFor(directory: string): readonly Folder[] {
  const below = join('.agents', 'prompts')
  const [, around] = /^(.*)[/\\]\.agents[/\\]runs[/\\]/.exec(directory) ?? []
  const users = [directory, ...(around === undefined ? [] : [around])].map((root) => ({ root, below }))
  return [...users, { root: ownFolder, below: '' }]
}

/** A verb's own file goes before that for any, and for each the user's before Troupe's. */
async function firstOf(folders: readonly Folder[], names: readonly string[]): Promise<Found> {
  for (const name of names) {
    for (const { root, below } of folders) {
      const text = await textBelow(root, join(below, name))
      if (text !== null) return { path: join(root, below, name), text }
    }
  }
  throw new Error(`${join(ownFolder, names.at(-1) ?? '')} is missing: install Troupe again`)
}

/** Null where nothing is. A link counts for nothing: by one a repository could have any file of the user's sent to a provider. */
async function textBelow(root: string, name: string): Promise<string | null> {
  const [realRoot, real] = await Promise.all([root, join(root, name)].map((path) => realpath(path).catch(() => null)))
  return typeof realRoot === 'string' && real === join(realRoot, name) ? readFile(join(realRoot, name), 'utf8') : null
}

/** Without a prompt of its own a task is its verb. */
const filled = (template: string, { run, task, verb, agent, attempt, prompt, files }: Assignment): string =>
  renderText(template, { run, task, verb, agent, attempt, prompt: prompt ?? '', files, summaries: new Map() }).trim()
