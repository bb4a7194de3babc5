import { TroupeError } from '../../errors.ts'
import type { ToldConflict } from '../../merge/conflict-texts.ts'
import { proposalToMarkdown } from '../../merge/proposal-markdown.ts'
import { conflictText, wholeTexts } from './conflict-text.ts'
import { diffText } from './diff.ts'
import { findingsText } from './findings-text.ts'
import type { Showing, Subject } from './options.ts'
import { readProposal } from './read-proposal.ts'

/** The proposal of a run, or one part of it, as it is to be printed. Throws TroupeError PROPOSAL_NOT_FOUND. */
export async function showRun(
  { what, conflict: number }: Extract<Subject, { of: 'run' }>,
  showing: Showing,
): Promise<string> {
  const { run, reading, json, terminal } = showing
  const proposal = readProposal(run, reading)
  const { git } = run.repository
  switch (what) {
    case 'all':
      return json
        ? printed(proposal)
        : proposalToMarkdown({ ...proposal, conflicts: proposal.conflicts.map(withoutTexts) }).trimEnd()
    case 'html': {
      const { proposalPage } = await import('./page/proposal-page.ts')
      return proposalPage(proposal).trimEnd()
    }
    case 'conflicts': {
      const conflicts = await wholeTexts(git, chosen(proposal.conflicts, number))
      if (json) return printed({ schema: 'troupe/conflicts/2', run: run.id, conflicts })
      return conflicts.length === 0 ? 'no conflicts' : conflicts.map(conflictText).join('\n\n')
    }
    case 'findings': {
      const { findings } = proposal
      return json ? printed({ schema: 'troupe/findings/1', run: run.id, findings }) : findingsText(findings)
    }
    case 'diff': {
      const { base, commit } = proposal
      const diff = await diffText(git, { base, commit }, json ? null : terminal)
      return json ? printed({ schema: 'troupe/diff/1', run: run.id, base, commit, diff }) : diff
    }
  }
}

/** A terminal cannot fold them away; `--conflicts` has them. */
const withoutTexts = (conflict: ToldConflict): ToldConflict => ({ ...conflict, texts: [] })

function chosen(conflicts: readonly ToldConflict[], number: number | undefined): readonly ToldConflict[] {
  if (number === undefined) return conflicts
  const one = conflicts[number - 1]
  if (one !== undefined) return [one]
  throw new TroupeError('USAGE', `there is no conflict ${number}: the proposal has ${conflicts.length}`)
}

const printed = (value: object): string => JSON.stringify(value, null, 2)
