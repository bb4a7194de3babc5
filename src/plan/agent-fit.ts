import { type LooseAgent, type LooseTask, stringsOf } from './loose.ts'
import type { PlanKind } from './kinds.ts'
import { argvOf, verbOf } from './resolve-task.ts'

/** What is wrong by itself is told by itself, and not judged again for what it seems to lack. */
export function isSound({ value }: LooseTask, { options }: LooseAgent, kind: PlanKind): boolean {
  const { verb, prompt, command, files } = value
  return (
    [verb, prompt].every((text) => text === undefined || typeof text === 'string') &&
    (files === undefined || Array.isArray(files)) &&
    (command === undefined || (argvOf(command, options) ?? []).length > 0) &&
    kind.options.safeParse(options).success
  )
}

/** What a kind finds wrong with a task. */
export function judgements({ value }: LooseTask, { options }: LooseAgent, kind: PlanKind): readonly string[] {
  return kind.mistakes({
    verb: verbOf(value, options),
    prompt: typeof value['prompt'] === 'string' ? value['prompt'] : null,
    command: argvOf(value['command'], options),
    files: stringsOf(value['files']),
    options,
  })
}
