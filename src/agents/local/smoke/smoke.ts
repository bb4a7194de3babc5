import { posix } from 'node:path'
import { familyOf, isTestFile } from '../grammar.ts'
import { type Module, walkModules } from '../modules.ts'
import { noModel, refused, saySkipped } from '../outcome.ts'
import { count } from '../../../count.ts'
import { writeOwn } from '../own-file.ts'
import type { Performer, Work } from '../verb.ts'
import type { Skipped } from '../workspace.ts'
import { findFramework } from './find-framework.ts'
import { javascriptTest } from './javascript-test.ts'
import { pythonTest } from './python-test.ts'
import { callables, type TestFile } from './test-file.ts'

/** Writes a test for each module that it can be loaded and that what it offers is there, in the project's own framework. */
export const writeSmokeTests: Performer = async (work) => {
  const written: string[] = []
  const skipped: Skipped[] = []
  let cases = 0
  const walk = await walkModules(work, 'writing a smoke test for', async (module) => {
    const result = await writeOne(work, module)
    if (result.how === 'refused') return refused(result.why)
    if (result.how === 'skipped') {
      skipped.push({ file: module.file, reason: result.why })
      return null
    }
    written.push(result.place)
    cases += result.cases
    work.context.output(`wrote ${result.place}: ${count(result.cases, 'case')} for ${module.file}\n`)
    return null
  })
  if (walk.how === 'ended') return walk.outcome
  const left = [...walk.selection.skipped, ...skipped]
  if (written.length === 0) return refused(`no smoke test could be written.${saySkipped(left)}`)
  return {
    how: 'completed',
    summary: `Wrote ${count(written.length, 'smoke test')} with ${count(cases, 'case')}, not run yet, ${noModel}: ${written.join(', ')}.${saySkipped(left)}`,
    findings: [],
    details: { written, cases, skipped: left },
  }
}

type Written =
  | { readonly how: 'written'; readonly place: string; readonly cases: number }
  | { readonly how: 'skipped'; readonly why: string }
  | { readonly how: 'refused'; readonly why: string }

async function writeOne({ assignment, options }: Work, { file, grammar, module }: Module): Promise<Written> {
  const { directory } = assignment
  const family = familyOf(grammar)
  const found = await findFramework(directory, file, family)
  const framework = options.framework !== undefined && fits(options.framework, family) ? options.framework : found
  const why = notTestable(file, framework) ?? (callables(module).length === 0 ? 'nothing public to call' : null)
  if (why !== null) return { how: 'skipped', why }
  const subject = { directory, file, module, framework }
  const test = family === 'python' ? await pythonTest(subject) : await javascriptTest(subject)
  return writeAt(directory, test, callables(module).length)
}

const fits = (framework: string, family: string): boolean =>
  (framework === 'pytest' || framework === 'unittest') === (family === 'python')

function notTestable(file: string, framework: string): string | null {
  const name = posix.basename(file)
  if (isTestFile(file)) return 'is a test itself'
  if (/\.pyi$|\.d\.[mc]?ts$/.test(name)) return 'declares types only'
  if (name === 'setup.py' || name === '__main__.py') return 'does its work when it is loaded'
  if (/\.[jt]sx$/.test(name) && !['vitest', 'jest'].includes(framework)) return `${framework} cannot load JSX by itself`
  return null
}

/** At the first place that is free or ours. */
async function writeAt(directory: string, { places, mark, render }: TestFile, cases: number): Promise<Written> {
  const refusals = new Set<string>()
  for (const place of places) {
    const refusal = await writeOwn(directory, place, render(place), mark)
    if (refusal === null) return { how: 'written', place, cases }
    refusals.add(refusal)
  }
  return { how: 'refused', why: [...refusals].join('; ') }
}
