import type { Outcome } from '../agent.ts'
import { type Grammar, grammarOf } from './grammar.ts'
import { notThere, stopped } from './outcome.ts'
import { publicModule } from './symbols/public-module.ts'
import type { PublicModule } from './symbols/symbol.ts'
import type { Work } from './verb.ts'
import { readSource, type Selection, selectSources } from './workspace.ts'

/** One module that work is done for. */
export interface Module {
  readonly file: string
  readonly grammar: Grammar
  readonly module: PublicModule
}

/** What came of going through the modules. */
export type Walk =
  | { readonly how: 'walked'; readonly selection: Selection }
  | { readonly how: 'ended'; readonly outcome: Outcome }

/** Does `each` for every module among the assignment's files, in order, until one of them ends the work or it is stopped. */
export async function walkModules(
  work: Work,
  doing: string,
  each: (module: Module) => Promise<Outcome | null>,
): Promise<Walk> {
  const { assignment, context, options, parse } = work
  const selection = await selectSources(assignment.directory, assignment.files, options.maximumFiles)
  if (selection.missing.length > 0) return { how: 'ended', outcome: notThere(selection.missing) }
  for (const file of selection.files) {
    if (context.signal.aborted) return { how: 'ended', outcome: stopped(context.signal) }
    context.progress(`${doing} ${file}`)
    const grammar = grammarOf(file)
    if (grammar === null) continue
    const module = publicModule(grammar, parse(grammar, await readSource(assignment.directory, file)))
    const outcome = await each({ file, grammar, module })
    if (outcome !== null) return { how: 'ended', outcome }
  }
  return { how: 'walked', selection }
}
