import type { Git } from '../changes/git.ts'

/** One change between two texts: half-open ranges of lines, from 0, and the new lines byte for byte. */
export interface Hunk {
  readonly oldFrom: number
  readonly oldTo: number
  readonly newFrom: number
  readonly newTo: number
  readonly text: string
}

/** The changes between two blobs, by their ids. */
export type HunksOf = (oldBlob: string, newBlob: string) => Promise<readonly Hunk[]>

/**
 * The changes between two blobs, by the same diff that git's merge uses (histogram, no indent heuristic: merge-ort.c,
 * `merge_start`), whatever the user's configuration says.
 */
export async function diffHunks(git: Git, oldBlob: string, newBlob: string): Promise<readonly Hunk[]> {
  const diff = await git.bytes([...exactDiff, oldBlob, newBlob])
  return readHunks(Buffer.from(diff).toString('latin1'))
}

const exactDiff = [
  'diff',
  '--histogram',
  '--no-indent-heuristic',
  '--unified=0',
  '--inter-hunk-context=0',
  '--text',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '-O/dev/null',
]

/** Every line of content begins with a sign, so no text can be mistaken for a header. */
function readHunks(diff: string): readonly Hunk[] {
  const [, ...hunks] = `\n${diff}`.split(/\n(?=@@ )/)
  return hunks.map((hunk) => {
    const end = hunk.indexOf('\n')
    const header = /^@@ -(?<old>\d+)(?:,(?<oldCount>\d+))? \+(?<new>\d+)(?:,(?<newCount>\d+))? @@/.exec(hunk)?.groups
    const [oldFrom, oldTo] = span(header?.['old'], header?.['oldCount'])
    const [newFrom, newTo] = span(header?.['new'], header?.['newCount'])
    const added = hunk.indexOf('\n+', end)
    return { oldFrom, oldTo, newFrom, newTo, text: added === -1 ? '' : hunk.slice(added).replace(/\n$/, '') }
  })
}

// an empty range names the line before it, any other its first line
function span(start = '0', count = '1'): readonly [number, number] {
  const from = count === '0' ? Number(start) : Number(start) - 1
  return [from, from + Number(count)]
}
