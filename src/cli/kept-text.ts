import { manifestToJson, manifestToYaml } from '../plan/as-manifest.ts'
import type { Manifest, Task } from '../plan/task.ts'
import { hasPrompts, withoutPrompt, withoutPrompts } from './prompts.ts'
import type { GivenManifest } from './read-manifest-argument.ts'

/**
 * What is kept with a run, made when it is asked for: it must lead to the same rules again. What was given as JSON stays JSON, and what is
 * long becomes it, as it is read and written much faster.
 * @param isChanged whether the manifest says anything else than what was given
 */
export function keptText({ text }: GivenManifest, manifest: Manifest, isChanged: boolean): () => string {
  const hidesPrompts = !manifest.keepPrompts && hasPrompts(manifest)
  if (!hidesPrompts && !isChanged) return asGiven(text)
  return printer(manifest, { hidesPrompts, isJson: text.trimStart().startsWith('{') || text.length > long })
}

// two functions that are made in one would both hold on to the text

const asGiven = (text: string) => (): string => text

/** In characters: of hundreds of tasks. */
const long = 65_536

interface Printing {
  readonly hidesPrompts: boolean
  readonly isJson: boolean
}

const printer =
  (manifest: Manifest, { hidesPrompts, isJson }: Printing) =>
  (): string => {
    if (!isJson) return manifestToYaml(hidesPrompts ? withoutPrompts(manifest) : manifest, { schema: null })
    if (!hidesPrompts) return manifestToJson(manifest)
    const { tasks, ...rest } = manifest
    return manifestToJson(withoutPrompts({ ...rest, tasks: [] }), withoutEach(tasks))
  }

function* withoutEach(tasks: readonly Task[]): Generator<Task> {
  for (const task of tasks) yield withoutPrompt(task)
}
