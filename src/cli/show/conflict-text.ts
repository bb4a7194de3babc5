import { type Git } from '../../changes/git.ts'
import { openObjects } from '../../changes/objects.ts'
import { quoted, rangeText } from '../../merge/conflict-message.ts'
import {
  type ConflictText,
  type FoundConflict,
  tellTexts,
  type ToldConflict,
  type Versions,
} from '../../merge/conflict-texts.ts'
import { plainLines } from '../../plain-text.ts'

/** Conflicts of a proposal with the whole of their texts, however long; those of older proposals as they are. */
export async function wholeTexts(git: Git, conflicts: readonly ToldConflict[]): Promise<readonly ToldConflict[]> {
  await using objects = openObjects(git)
  const bounds = { side: Number.POSITIVE_INFINITY, all: Number.POSITIVE_INFINITY }
  const known = conflicts.filter(isFound)
  const told = await tellTexts(objects, known, bounds)
  return conflicts.map((conflict) => told[known.indexOf(conflict)] ?? { ...conflict, texts: [] })
}

const isFound = (conflict: Partial<FoundConflict>): boolean => conflict.versions !== undefined

/** A conflict as people know it from git: both sides between markers, in the manner of diff3; and what each side is. */
export function conflictText(conflict: ToldConflict): string {
  const { kind, file, message, texts } = conflict
  const head = `${quoted(file)} (${kind}): ${message}`
  return plainLines([head, ...versionLines(conflict), ...texts.map((text) => diff3(conflict, text))].join('\n'))
}

function diff3({ file, ours, theirs }: ToldConflict, { text, ...place }: ConflictText): string {
  const name = quoted(file)
  const lines = (side: keyof Versions): readonly string[] =>
    text[side] === null || text[side] === '' ? [] : [text[side].replace(/\r?\n$/, '')]
  return [
    `<<<<<<< ${ours ?? 'base'} ${name}:${rangeText(place.ours)}`,
    ...lines('ours'),
    `||||||| base ${name}:${rangeText(place.base)}`,
    ...lines('base'),
    '=======',
    ...lines('theirs'),
    `>>>>>>> ${theirs} ${name}:${rangeText(place.theirs)}`,
  ].join('\n')
}

/** What each side has, where it is not the same file with other lines. */
function versionLines({ kind, ours, theirs, versions }: Partial<FoundConflict>): readonly string[] {
  if (versions === undefined || kind === 'content' || kind === 'add/add') return []
  const sides = [
    ['base', versions.base],
    [ours ?? null, versions.ours],
    [theirs ?? null, versions.theirs],
  ] as const
  return sides.flatMap(([name, version]) => (name === null ? [] : [`  ${name}: ${versionText(version)}`]))
}

const versionText = (version: Versions['base']): string =>
  version === null ? 'not there' : `${quoted(version.path)}, ${modeText(version.mode)} (${version.oid.slice(0, 12)})`

function modeText(mode: string): string {
  if (mode === '120000') return 'a link'
  if (mode === '160000') return 'a submodule'
  return mode === '100755' ? 'an executable file' : 'a file'
}
