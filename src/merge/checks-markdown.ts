import { code, fenceFor, section, table, words } from './markdown.ts'
import { count } from '../count.ts'
import type { CheckResult, Proposal, SeenPart } from './proposal.ts'

/** The checks, with the end of what those said that did not pass. */
export function checksSection(checks: readonly CheckResult[]): string {
  if (checks.length === 0) return section('Checks', 'None is declared, so nothing says that the changes work together.')
  const rows = checks.map((check) => [
    words(check.name),
    check.verdict === 'pass' ? 'pass' : `**${check.verdict}**`,
    words(check.reason ?? (check.cached ? 'passed before on this very tree' : '')),
    `${(check.durationMs / 1000).toFixed(1)} s`,
  ])
  const tails = checks
    .filter(({ verdict, outputTail }) => verdict !== 'pass' && outputTail.trim() !== '')
    .map(tailBlock)
  return section('Checks', [table(['Check', 'Verdict', 'Why', 'Took'], rows), ...tails].join('\n\n'))
}

/** Who breaks a check, and what was seen of it. */
export function blameSection({ blame }: Proposal): string {
  if (blame.length === 0) return ''
  const items = blame.map(({ sentence, dropped, runs, seen }) => {
    const left = dropped === null ? '' : `; ${dropped} was left out`
    return [`- ${words(sentence)}${left} (${count(runs, 'run')})`, ...seen.map(seenItem)].join('\n')
  })
  return section('Blame', items.join('\n'))
}

function seenItem({ tasks, verdict, reason, partOf, log }: SeenPart): string {
  const who = tasks.length === 0 ? 'the base alone' : tasks.join(' + ')
  const why = reason === null ? '' : `: ${words(reason)}`
  const where = log === null ? '' : `, ${code(log)}`
  return `  - ${who}: ${verdict}${why}${partOf === null ? '' : ` (together with others)`}${where}`
}

/** What stands, or does not, only because of the checks. */
export function trialSection({ trial }: Proposal): string {
  if (trial === undefined) return ''
  const { kept, refused, runs, reason } = trial
  if (reason !== null) return section('On trial', `No resolution of grade checked was tried: ${words(reason)}.`)
  const lines = [
    ...(kept.length > 0 ? [`- in only because every check passes with it: ${kept.join(', ')}`] : []),
    ...(refused.length > 0 ? [`- left out because a check does not pass with it: ${refused.join(', ')}`] : []),
  ]
  return lines.length === 0 ? '' : section('On trial', [...lines, `- ${count(runs, 'run')} of the checks`].join('\n'))
}

/** The last lines of an output. */
export function tailBlock({
  name,
  outputTail,
  log = null,
}: Pick<CheckResult, 'name' | 'outputTail'> & { readonly log?: string | null }): string {
  const lines = outputTail.trimEnd().split('\n').slice(-30).join('\n')
  const fence = fenceFor(lines)
  return `Last lines of ${words(name)}${log === null ? '' : `, which are in ${code(log)}`}:\n\n${fence}text\n${lines}\n${fence}`
}
