import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, parse, resolve } from 'node:path'
import { findingsToSarif } from '../agents/local/sarif.ts'
import { messageOf } from '../errors.ts'
import { quoted } from '../merge/conflict-message.ts'
import { markdownPieces } from '../merge/proposal-markdown.ts'
import type { Proposal } from '../merge/proposal.ts'
import type { Manifest } from '../plan/task.ts'
import type { RunLayout } from '../store/layout.ts'
import { giveBackGarbage } from '../processes/small-heap.ts'
import { isThere } from '../store/is-there.ts'
import { replaceFile } from '../store/replace-file.ts'
import { jsonPieces } from './json-pieces.ts'
import { version } from './version.ts'

/** Where a proposal was written. */
export interface ProposalFiles {
  readonly json: string
  readonly markdown: string
  /** Null when there were no findings. */
  readonly sarif: string | null
}

interface Places {
  readonly folders: RunLayout
  readonly root: string
  readonly output: Manifest['output']
  /** Says something to people. */
  readonly tell: (text: string) => void
}

/**
 * Writes a proposal for programs, for people and for code scanners, also where the manifest wants copies. A copy that cannot be
 * written is told, and ends nothing: the proposal stands in the run's folder.
 * @throws TroupeError STORE_FAILED, NO_SPACE when the run's folder cannot hold it.
 */
export function writeProposal(proposal: Proposal, { folders, root, output, tell }: Places): ProposalFiles {
  const texts = textsOf(proposal)
  const place = (kind: keyof typeof texts, copy: string | null): string => {
    giveBackGarbage()
    const path = folders.proposal(proposal.createdAt, kind)
    replaceFile(path, texts[kind](), { durable: true })
    if (copy !== null) {
      const failure = failureOfCopy(resolve(root, copy), texts[kind]())
      if (failure !== null) tell(`note: output ${quoted(copy)} could not be written (${failure}); it is in ${path}`)
    }
    return path
  }
  return {
    json: place('json', output.json),
    markdown: place('md', output.markdown),
    sarif: hasSarif(proposal, output) ? place('sarif', output.sarif) : null,
  }
}

/** What of a proposal whose JSON is there is gone beside it, by its path, with what is to be in it. */
export function lostBeside(
  proposal: Proposal,
  { folders, output }: Pick<Places, 'folders' | 'output'>,
): ReadonlyMap<string, () => Iterable<string>> {
  const { md, sarif } = textsOf(proposal)
  const texts = hasSarif(proposal, output) ? { md, sarif } : { md }
  const placed = Object.entries(texts).map(
    ([kind, text]) => [folders.proposal(proposal.createdAt, kind as keyof typeof texts), text] as const,
  )
  return new Map(placed.filter(([path]) => !isThere(path)))
}

/** One after the other, each in pieces: that of a hundred thousand tasks takes as much memory as all of them did. */
const textsOf = (proposal: Proposal) => ({
  json: () => jsonPieces(proposal),
  md: () => markdownPieces(proposal),
  sarif: () => jsonPieces(findingsToSarif(proposal.findings, { version })),
})

const hasSarif = ({ findings }: Proposal, output: Manifest['output']): boolean =>
  findings.length > 0 || output.sarif !== null

/** Takes away proposals that a supervisor wrote and died before it could record them. `recorded` are the JSON files that count. */
export function removeUnrecorded({ folder }: RunLayout, recorded: readonly string[]): void {
  const stems = new Set(recorded.map((path) => basename(path, '.json')))
  for (const name of readdirSync(folder)) {
    const { name: stem } = parse(name)
    if (name.startsWith('proposal_') && !stems.has(stem)) rmSync(join(folder, name))
  }
}

/** Null for a copy that is written. */
function failureOfCopy(path: string, pieces: Iterable<string>): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true })
    replaceFile(path, pieces)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
