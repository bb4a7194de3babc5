import { must } from '../../../errors.ts'
import { type Module, walkModules } from '../modules.ts'
import { noModel, refused, saySkipped, stopped } from '../outcome.ts'
import { count } from '../../../count.ts'
import { writeOwn } from '../own-file.ts'
import type { Performer } from '../verb.ts'
import { pageHeader, renderPage } from './page.ts'
import { pagePaths } from './page-path.ts'

/** Writes a page of API reference for each module, from its signatures and comments. */
export const writeReference: Performer = async (work) => {
  const { assignment, context } = work
  const modules: Module[] = []
  const walk = await walkModules(work, 'reading', async (module) => {
    modules.push(module)
    return null
  })
  if (walk.how === 'ended') return walk.outcome
  if (modules.length === 0) return refused(`no module to describe.${saySkipped(walk.selection.skipped)}`)
  const files = modules.map(({ file }) => file)
  const pages = new Map((pagePaths(files) ?? []).map((page, index) => [files[index], page]))
  for (const module of modules) {
    if (context.signal.aborted) return stopped(context.signal)
    const page = must(pages, module.file)
    const refusal = await writeOwn(assignment.directory, page, renderPage({ ...module, page }), pageHeader)
    if (refusal !== null) return refused(refusal)
    context.output(`wrote ${page}: ${count(module.module.symbols.length, 'symbol')} of ${module.file}\n`)
  }
  const written = [...pages.values()]
  return {
    how: 'completed',
    summary: `Wrote ${count(written.length, 'page')} of API reference from signatures and comments, ${noModel}: ${written.join(', ')}.${saySkipped(walk.selection.skipped)}`,
    findings: [],
    details: { written, skipped: walk.selection.skipped },
  }
}
