import { exitCodes } from '../errors.ts'
import { findRun } from './find-run.ts'
import { readRun } from './read-run.ts'
import { type ShowOptions, subjectOf } from './show/options.ts'
import { showRun } from './show/show-run.ts'
import { showTask } from './show/show-task.ts'
import type { Terminal } from './terminal.ts'

/** `troupe show`: the proposal of a run, a part of it, or one task's result, log or diff. */
export async function showCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: ShowOptions },
): Promise<number> {
  const { options } = input
  const subject = subjectOf(options)
  const run = await findRun(terminal.directory, input.arguments[0])
  const showing = { terminal, run, reading: await readRun(run), json: options.json }
  const text = subject.of === 'run' ? await showRun(subject, showing) : await showTask(subject, showing)
  if (text !== '') terminal.print(text)
  return exitCodes.ok
}
