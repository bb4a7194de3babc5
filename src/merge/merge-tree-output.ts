import { pathOf } from '../changes/path-bytes.ts'
import { TroupeError } from '../errors.ts'
import { asTreeId, type TreeId } from '../ids.ts'

/** One version of one path in a merge that did not come clean, as `merge-tree -z` lists it. */
export interface StageEntry {
  readonly mode: string
  readonly oid: string
  readonly stage: 'base' | 'ours' | 'theirs'
  readonly path: string
}

/** One message of the merge: git's stable type and the paths it speaks of, in git's order. */
export interface MergeMessage {
  readonly type: string
  readonly paths: readonly string[]
  readonly text: string
}

/** What `git merge-tree --write-tree -z` wrote. */
export interface MergeTreeOutput {
  readonly tree: TreeId
  readonly entries: readonly StageEntry[]
  readonly messages: readonly MergeMessage[]
}

/**
 * Reads the output of `git merge-tree --write-tree -z` (git-merge-tree(1), OUTPUT): the tree, the stages of the files in
 * conflict, an empty field, then the messages. Every field ends in NUL, so no file name can be mistaken for structure.
 * @param output one letter for each byte (latin1)
 * @throws TroupeError GIT_FAILED when the text is not of that form.
 */
export function readMergeTreeOutput(output: string): MergeTreeOutput {
  const fields = output.split('\0')
  const tree = fields[0] ?? ''
  if (!/^[0-9a-f]{40,64}$/.test(tree)) throw unreadable(tree)
  const gap = fields.indexOf('', 1)
  return {
    tree: asTreeId(tree),
    entries: fields.slice(1, gap === -1 ? undefined : gap).map(readEntry),
    messages: gap === -1 ? [] : readMessages(fields.slice(gap + 1, -1)),
  }
}

const stages = { 1: 'base', 2: 'ours', 3: 'theirs' } as const

function readEntry(field: string): StageEntry {
  const match = /^(?<mode>\d{6}) (?<oid>[0-9a-f]{40,64}) (?<stage>[123])\t(?<path>.+)$/s.exec(field)?.groups
  if (match === undefined) throw unreadable(field)
  const { mode = '', oid = '', stage, path = '' } = match
  return { mode, oid, stage: stages[Number(stage) as keyof typeof stages], path: pathOf(path) }
}

function readMessages(fields: readonly string[]): readonly MergeMessage[] {
  const messages: MergeMessage[] = []
  for (let at = 0; at < fields.length;) {
    const count = Number(fields[at])
    const type = fields[at + count + 1]
    const text = fields[at + count + 2]
    if (!Number.isInteger(count) || type === undefined || text === undefined)
      throw unreadable(fields.slice(at).join(' '))
    messages.push({
      type,
      paths: fields.slice(at + 1, at + 1 + count).map(pathOf),
      text: Buffer.from(text.trimEnd(), 'latin1').toString(),
    })
    at += count + 3
  }
  return messages
}

const unreadable = (text: string): TroupeError =>
  new TroupeError(
    'GIT_FAILED',
    `git merge-tree answered in a form that is not known: ${JSON.stringify(text.slice(0, 200))}`,
  )
