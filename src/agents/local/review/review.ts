import type { Finding, Outcome } from '../../agent.ts'
import { familyOf, grammarOf } from '../grammar.ts'
import { noModel, notThere, saySkipped, stopped } from '../outcome.ts'
import { count } from '../../../count.ts'
import type { Performer, Work } from '../verb.ts'
import { readSource, selectSources, type Selection } from '../workspace.ts'
import { byPlace, examine } from './examine.ts'
import { type Rule, tags } from './rule.ts'
import { rules } from './rules.ts'

/** Reviews the named files, or all source files, by rules about their syntax. */
export const review: Performer = async (work) => {
  const { assignment, context, options } = work
  const selection = await selectSources(assignment.directory, assignment.files, options.maximumFiles)
  if (selection.missing.length > 0) return notThere(selection.missing)
  const chosen = chooser(assignment.prompt, options.ignoreRules)
  const findings: Finding[] = []
  const withMistakes: string[] = []
  for (const file of selection.files) {
    if (context.signal.aborted) return stopped(context.signal)
    context.progress(`reviewing ${file}`)
    const seen = await reviewFile(work, file, chosen)
    if (seen.hasMistakes) withMistakes.push(file)
    for (const finding of seen.findings) context.output(`${lineAbout(finding)}\n`)
    findings.push(...seen.findings)
  }
  if (context.signal.aborted) return stopped(context.signal)
  return report(selection, findings.toSorted(byPlace), withMistakes)
}

/** Which rules a prompt asks for: those with a tag it names, else all. */
export function chooser(prompt: string | null, ignored: readonly string[]): (rule: Rule) => boolean {
  const words = new Set((prompt ?? '').toLowerCase().match(/[a-z]+/g))
  const wanted = tags.filter((tag) => words.has(tag))
  return (rule) => !ignored.includes(rule.id) && (wanted.length === 0 || rule.tags.some((tag) => wanted.includes(tag)))
}

interface Seen {
  readonly findings: readonly Finding[]
  /** Whether parts of the file could not be parsed. */
  readonly hasMistakes: boolean
}

async function reviewFile({ assignment, parse }: Work, file: string, chosen: (rule: Rule) => boolean): Promise<Seen> {
  const grammar = grammarOf(file)
  if (grammar === null) return { findings: [], hasMistakes: false }
  const root = parse(grammar, await readSource(assignment.directory, file))
  return {
    findings: examine(file, grammar, root, rules[familyOf(grammar)].filter(chosen)),
    hasMistakes: root.find({ rule: { kind: 'ERROR' } }) !== null,
  }
}

const lineAbout = ({ file, line, column, severity, rule, message }: Finding): string =>
  `${file}:${line}:${column} ${severity} ${rule}: ${message}`

function report(selection: Selection, findings: readonly Finding[], withMistakes: readonly string[]): Outcome {
  const { files, skipped, isCut } = selection
  const bySeverity = Object.groupBy(findings, ({ severity }) => severity)
  const kinds = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const found = bySeverity[severity]?.length ?? 0
    return found > 0 ? [count(found, severity)] : []
  })
  const found = findings.length === 0 ? 'nothing found' : `${count(findings.length, 'finding')} (${kinds.join(', ')})`
  const cut = isCut ? ' There were more files than maximumFiles allows.' : ''
  const parsed = withMistakes.length > 0 ? ` Only parsed in part: ${withMistakes.slice(0, 5).join(', ')}.` : ''
  return {
    how: 'completed',
    summary: `Reviewed ${count(files.length, 'file')} by static rules, ${noModel}: ${found}.${saySkipped(skipped)}${parsed}${cut}`,
    findings,
    details: { reviewed: files.length, skipped, isCut, parsedInPart: withMistakes },
  }
}
