import { unreachable } from '../errors.ts'
import type { UsageSum } from '../agents/usage.ts'
import { plainLines } from '../plain-text.ts'
import { quoted, rangeText } from './conflict-message.ts'
import type { ToldConflict } from './conflict-texts.ts'
import { blameSection, checksSection, tailBlock, trialSection } from './checks-markdown.ts'
import { code, fenceFor, section, table, tableLines, words } from './markdown.ts'
import { count } from '../count.ts'
import type { Disposition, Proposal } from './proposal.ts'
import { headlineOf, isKnownUsage, usageText, worstFirst } from './proposal-words.ts'

/**
 * A proposal for people: the answer first, then what to do with it, then the evidence. Ends in a newline. It is read in terminals, too:
 * no text in it can do anything to one.
 */
export const proposalToMarkdown = (proposal: Proposal): string => [...markdownPieces(proposal)].join('')

/** The same in pieces: that of a hundred thousand tasks is long. */
export function* markdownPieces(proposal: Proposal): Generator<string> {
  yield plainLines([heading(proposal), howToApply(proposal)].join('\n\n'))
  for (const piece of taskPieces(proposal)) yield plainLines(piece)
  const sections = [
    conflictsSection(proposal.conflicts),
    resolvedSection(proposal),
    regeneratedSection(proposal),
    resolutionsSection(proposal),
    trialSection(proposal),
    identicalSection(proposal),
    ledgerSection(proposal.ledger),
    checksSection(proposal.checks),
    blameSection(proposal),
    findingsSection(proposal),
  ]
  for (const text of sections) if (text !== '') yield plainLines(`\n\n${text}`)
  yield '\n'
}

function heading(proposal: Proposal): string {
  const { run, base, commit, files, createdAt, interrupted } = proposal
  return [
    `# ${headlineOf(proposal)}`,
    '',
    `Run \`${run}\`, ${createdAt}${interrupted ? ', **stopped before its end**' : ''}. ` +
      `${count(files.length, 'file')} changed from \`${short(base)}\` to \`${short(commit)}\`.`,
  ].join('\n')
}

function howToApply({ run, files, base, commit }: Proposal): string {
  if (files.length === 0) return 'There is nothing to apply.'
  return [
    '```sh',
    `troupe show ${run}         # the proposal in full`,
    `git diff ${short(base)} ${short(commit)}   # every change`,
    `troupe apply ${run}        # move your branch to it`,
    `troupe replay ${run}       # make it once more, and see that it comes out the same`,
    '```',
  ].join('\n')
}

function* taskPieces({ tasks, usage }: Proposal): Generator<string> {
  if (tasks.length === 0) return
  const withUsage = isKnownUsage(usage)
  const head = ['Task', 'Agent', 'Attempts', 'Outcome', 'Summary', ...(withUsage ? ['Used'] : [])]
  yield `\n\n${section('Tasks', '')}`
  let before = ''
  for (const line of tableLines(head, taskRows(tasks, withUsage))) {
    yield before + line
    before = '\n'
  }
  if (withUsage) yield `\n\n${totalText(usage)}`
}

function* taskRows(tasks: Proposal['tasks'], withUsage: boolean): Generator<readonly string[]> {
  for (const { task, agent, attempts, usage, summary, disposition } of tasks) {
    const what = [code(task), agent, `${attempts}`, outcomeText(disposition), words(firstLine(summary ?? ''))]
    yield withUsage ? [...what, usageText(usage)] : what
  }
}

function totalText(usage: UsageSum): string {
  const { unknown, models } = usage
  const rest = unknown === 0 ? '' : `; ${count(unknown, 'task')} did not tell all of it, so it may be more`
  return `Used in all: ${usageText(usage)}${models.length === 0 ? '' : ` (${models.map(words).join(', ')})`}${rest}.`
}

function outcomeText(disposition: Disposition): string {
  switch (disposition.state) {
    case 'landed':
      return `landed, ${count(disposition.files.length, 'file')} (${code(short(disposition.commit))})`
    case 'unchanged':
      return 'done, nothing to change'
    case 'left-out':
      return `**left out**: ${words(disposition.reason)}; kept at ${code(disposition.ref)}`
    case 'failed':
    case 'blocked':
    case 'cancelled':
    case 'not-started':
      return `**${disposition.state}**: ${words(disposition.reason)}`
    default:
      return unreachable(disposition)
  }
}

function conflictsSection(conflicts: readonly ToldConflict[]): string {
  if (conflicts.length === 0) return ''
  return section('Conflicts', [conflicts.map(conflictItem).join('\n'), ...textBlocks(conflicts)].join('\n\n'))
}

function conflictItem({ kind, file, ours, theirs, places, message }: ToldConflict): string {
  const name = quoted(file)
  const lines = places.map(
    (place) =>
      `  - ${ours ?? ''} ${code(`${name}:${rangeText(place.ours)}`)}, ${theirs} ${code(`${name}:${rangeText(place.theirs)}`)}`,
  )
  return [`- ${code(name)} (${kind}): ${words(message)}`, ...lines].join('\n')
}

const shownTexts = 20
const shownLines = 60

/** Both sides' texts of the first conflicts, folded away; the JSON has them all. */
function textBlocks(conflicts: readonly ToldConflict[]): readonly string[] {
  const blocks = conflicts
    .filter(hasTexts)
    .slice(0, shownTexts)
    .map(({ file, ours, theirs, texts }) => {
      const lines = texts.flatMap(({ text, truncated }) => [
        `<<<<<<< ${ours ?? 'base'}`,
        ...linesOf(text.ours),
        '||||||| base',
        ...linesOf(text.base),
        '=======',
        ...linesOf(text.theirs),
        `>>>>>>> ${theirs}${truncated ? ' (cut)' : ''}`,
      ])
      const cut = lines.length > shownLines ? [...lines.slice(0, shownLines), '…'] : lines
      const title = `<summary>${words(`${quoted(file)}: ${ours ?? 'base'} and ${theirs}`)}</summary>`
      const fence = fenceFor(cut.join('\n'))
      return `<details>${title}\n\n${fence}text\n${cut.join('\n')}\n${fence}\n\n</details>`
    })
  return blocks
}

/** Older proposals tell none. */
const hasTexts = ({ texts }: Partial<ToldConflict>): boolean => texts !== undefined && texts.length > 0

const linesOf = (text: string | null): readonly string[] =>
  text === null || text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)

function resolvedSection({ resolved }: Proposal): string {
  if (resolved.length === 0) return ''
  const rows = resolved.map(({ file, line, task, resolver, grade, evidence }) => [
    code(`${quoted(file)}:${line}`),
    task,
    resolver,
    grade,
    words(evidence),
  ])
  return section('Resolved', table(['Place', 'Task', 'Resolver', 'Grade', 'Why'], rows))
}

function regeneratedSection({ regenerated }: Proposal): string {
  if (regenerated.length === 0) return ''
  const rows = regenerated.map(({ paths, name, verdict, reason, ignored }) => [
    paths.map((path) => code(quoted(path))).join(', '),
    code(name),
    verdict === 'pass' ? 'pass' : `**${verdict}**`,
    [reason ?? '', ignored.length === 0 ? '' : `left as they were: ${ignored.map(quoted).join(', ')}`]
      .filter((said) => said !== '')
      .map(words)
      .join('; '),
  ])
  const tails = regenerated
    .filter(({ verdict, outputTail }) => verdict !== 'pass' && outputTail.trim() !== '')
    .map(tailBlock)
  return section('Made anew', [table(['Files', 'By', 'Verdict', 'Why'], rows), ...tails].join('\n\n'))
}

function resolutionsSection({ resolutions }: Proposal): string {
  if (resolutions.length === 0) return ''
  const rows = resolutions.map(({ task, agent, files, attempts, outcome, reason, ref }) => [
    code(task),
    agent,
    files.map((file) => code(quoted(file))).join(', '),
    `${attempts}`,
    outcome === 'kept' ? 'kept' : `**${outcome}**: ${words(reason ?? '')}`,
    ref === null ? '' : code(ref),
  ])
  return section('Asked', table(['Task', 'Agent', 'Files', 'Attempts', 'Outcome', 'Answer'], rows))
}

/** Only what is not there as it was made: the rest needs no word. */
function ledgerSection(ledger: Proposal['ledger']): string {
  const rows = ledger
    .filter(({ resolved, superseded, dropped }) => resolved + superseded + dropped > 0)
    .map(({ task, kept, equivalent, resolved, superseded, dropped }) => [
      task,
      ...[kept, equivalent, resolved, superseded, dropped].map(String),
    ])
  if (rows.length === 0) return ''
  return section('Ledger', table(['Task', 'Kept', 'Equivalent', 'Resolved', 'Superseded', 'Dropped'], rows))
}

function identicalSection({ identical }: Proposal): string {
  if (identical.length === 0) return ''
  const items = identical.map(({ file, tasks }) => `- ${code(quoted(file))}: ${tasks.join(', ')}`)
  return section('Changed alike', items.join('\n'))
}

const shownFindings = 100

function findingsSection({ findings }: Proposal): string {
  if (findings.length === 0) return ''
  const rows = worstFirst(findings)
    .slice(0, shownFindings)
    .map(({ severity, rule, file, line, message, tasks }) => [
      severity,
      code(`${quoted(file)}:${line}`),
      code(rule),
      words(message),
      tasks.join(', '),
    ])
  const rest = findings.length - rows.length
  const more = rest === 0 ? '' : `\n\n${rest} more are in the JSON.`
  return section('Findings', table(['Severity', 'Place', 'Rule', 'What', 'Tasks'], rows) + more)
}

const firstLine = (text: string): string => text.split('\n')[0] ?? ''
const short = (id: string): string => id.slice(0, 10)
