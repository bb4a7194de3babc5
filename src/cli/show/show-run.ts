import { proposalToMarkdown } from '../../merge/proposal-markdown.ts'
import { plainLines } from '../../monitor/plain-text.ts'
import { conflictText, tellConflicts } from './conflict-text.ts'
import { diffText } from './diff.ts'
import { findingsText } from './findings-text.ts'
import type { Showing, Subject } from './options.ts'
import { readProposal } from './read-proposal.ts'

/** The proposal of a run, or one part of it, as it is to be printed. Throws TroupeError PROPOSAL_NOT_FOUND. */
export async function showRun(what: Extract<Subject, { of: 'run' }>['what'], showing: Showing): Promise<string> {
  const { run, reading, json, terminal } = showing
  const proposal = readProposal(run, reading)
  const { git } = run.repository
  switch (what) {
    case 'all':
      return json ? printed(proposal) : plainLines(proposalToMarkdown(proposal)).trimEnd()
    case 'conflicts': {
      const conflicts = await tellConflicts(git, proposal)
      if (json) return printed({ schema: 'troupe/conflicts/1', run: run.id, conflicts })
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

const printed = (value: object): string => JSON.stringify(value, null, 2)
