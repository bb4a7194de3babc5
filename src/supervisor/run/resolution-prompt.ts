import type { TaskId } from '../../ids.ts'
import type { OpenConflict } from '../../merge/asking/open-conflict.ts'

/** What is told of a task to whoever is to bring its work together with that of others. */
export interface ToldTask {
  readonly id: TaskId
  readonly prompt: string | null
  readonly summary: string | null
}

interface PromptParts {
  readonly conflict: OpenConflict
  /** The landed ones first, the one in conflict last. */
  readonly tasks: readonly ToldTask[]
  /** Why an earlier answer was not kept. */
  readonly refused: string | null
}

/** What an agent is asked about a conflict. */
export function resolutionPrompt({ conflict, tasks, refused }: PromptParts): string {
  const paths = conflict.files.map(({ path }) => path)
  return [
    `Bring together what ${conflict.task} and ${conflict.with.join(', ')} did to the same places of ${paths.join(', ')}.`,
    "Each of these places stands between conflict markers, in git's style diff3: first what has landed, then what both started from, " +
      `then what ${conflict.task} made of it. Replace each, markers included, by lines that do what both sides wanted.`,
    'Change nothing outside the markers and no other file. Leave no marker. The checks of the repository must pass.',
    ...tasks.map(taskText),
    ...(refused === null ? [] : [`An earlier answer was not kept: ${refused}`]),
  ].join('\n\n')
}

function taskText({ id, prompt, summary }: ToldTask): string {
  const said = [
    ...(prompt === null ? [] : [`was asked: ${prompt.trim()}`]),
    ...(summary === null || summary.trim() === '' ? [] : [`said that it has done: ${summary.trim()}`]),
  ]
  return `${id} ${said.length === 0 ? 'says nothing of what it is for' : said.join('\nIt ')}.`
}
