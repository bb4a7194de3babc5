import { covers, type DeclaredFiles, type RegenerateRule, ruleFor } from './declared-files.ts'
import { resolveKeyed } from './keyed/keyed-file.ts'
import type { ConflictedText } from './resolve-chunks.ts'
import type { ResolvedChunk, TextResolution } from './resolve-text.ts'
import { joinLines } from './text/line-ends.ts'
import type { Chunk } from './text/three-way.ts'

/** Merges a text in conflict as its user has declared for files of this path; null where nothing is declared. */
export function resolveDeclared(text: ConflictedText, declared: DeclaredFiles): TextResolution | null {
  const rule = ruleFor(declared, text.path)
  if (rule !== null) return rule.failed === undefined ? provisional(text, rule) : { how: 'left', reason: rule.failed }
  if (covers(declared.keyed, text.path)) return resolveKeyed(text, { grade: 'certain', isDeclared: true })
  return covers(declared.union, text.path) ? union(text) : null
}

/** How a file that is to be made anew is told of in the proposal. */
export const remadeBy = ({ name }: RegenerateRule): Pick<ResolvedChunk, 'resolver' | 'grade' | 'evidence'> => ({
  resolver: 'regenerate',
  grade: 'certain',
  evidence: `made anew by ${name}`,
})

/** What had landed stays until the command has made the file anew. */
function provisional({ ours, segments }: ConflictedText, rule: RegenerateRule): TextResolution {
  const chunks = segments.flatMap((segment): readonly ResolvedChunk[] => {
    if (segment.kind === 'clean') return []
    const { chunk } = segment
    return [{ ...remadeBy(rule), line: chunk.at.ours + 1, lines: chunk.ours.length, chunk }]
  })
  return { how: 'resolved', text: ours.join(''), chunks }
}

/** Both sides' lines at every place in conflict. */
function union(text: ConflictedText): TextResolution {
  const result: string[] = []
  const chunks: ResolvedChunk[] = []
  for (const segment of text.segments) {
    if (segment.kind === 'clean') {
      for (const line of segment.lines) result.push(line)
      continue
    }
    const { chunk } = segment
    const lines = linesOfBoth(chunk)
    const said = { resolver: 'union', grade: 'certain', evidence: 'declared: both sides stay' } as const
    chunks.push({ ...said, line: result.length + 1, lines: lines.length, chunk })
    for (const line of lines) result.push(line)
  }
  return { how: 'resolved', text: joinLines(result, text), chunks }
}

/** First ours, then theirs; a block that both put there at its edge stands once. */
function linesOfBoth({ ours, theirs }: Chunk): readonly string[] {
  const bare = (line: string | undefined): string | undefined => line?.replace(/\r?\n$/, '')
  let head = 0
  while (head < Math.min(ours.length, theirs.length) && bare(ours[head]) === bare(theirs[head])) head += 1
  const rest = Math.min(ours.length, theirs.length) - head
  let tail = 0
  while (tail < rest && bare(ours.at(-1 - tail)) === bare(theirs.at(-1 - tail))) tail += 1
  const inner = (lines: readonly string[]): readonly string[] => lines.slice(head, lines.length - tail)
  return [...ours.slice(0, head), ...inner(ours), ...inner(theirs), ...ours.slice(ours.length - tail)]
}
