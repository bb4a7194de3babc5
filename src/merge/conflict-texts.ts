import type { Objects } from '../changes/objects.ts'
import type { Conflict, ConflictPlace, LineRange } from './conflict.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'
import type { Footprint } from './footprint.ts'
import { diffLines } from './text/line-diff.ts'
import { textOf } from './text-merges.ts'

/** The versions of a file that do not go together; null for a side that has none. */
export interface Versions {
  readonly base: Stage | null
  readonly ours: Stage | null
  readonly theirs: Stage | null
}

/** A conflict with the versions it is about. */
export interface FoundConflict extends Conflict {
  readonly versions: Versions
}

/** What stands at one place of a conflict; null for a side that has no such file. */
export interface ConflictText extends ConflictPlace {
  readonly text: { readonly ours: string | null; readonly base: string | null; readonly theirs: string | null }
  /** Whether a text was cut at its end. */
  readonly truncated: boolean
}

/** A conflict with all that is needed to decide it. */
export interface ToldConflict extends FoundConflict {
  readonly texts: readonly ConflictText[]
}

/** How many characters of text are told: of one side at one place, and of all conflicts together. */
export interface TextBounds {
  readonly side: number
  readonly all: number
}

/** Of a proposal: enough for people and programs, and no burden for a run of a thousand change sets. */
export const proposalBounds: TextBounds = { side: 8_000, all: 2_000_000 }

export const versionsOf = ({ base, ours, theirs }: ConflictedFile): Versions => ({ base, ours, theirs })

/** What one change set alone made of a file. */
export function versionsIn({ before, results }: Pick<Footprint, 'before' | 'results'>, path: string): Versions {
  const stage = (entry: string | null = null): Stage | null => {
    const [mode = '', oid = ''] = entry?.split(' ') ?? []
    return entry === null ? null : { mode, oid, path }
  }
  return { base: stage(before.get(path)), ours: null, theirs: stage(results.get(path)) }
}

/** Adds the texts of both sides, and of what both started from, to conflicts; the versions themselves say what they are. */
export async function tellTexts(
  objects: Objects,
  conflicts: readonly FoundConflict[],
  bounds: TextBounds,
): Promise<readonly ToldConflict[]> {
  const told: ToldConflict[] = []
  let room = bounds.all
  for (const conflict of conflicts) {
    const texts: ConflictText[] = []
    const lines = room > 0 ? await linesOf(objects, conflict.versions) : noLines
    for (const place of placesIn(conflict, lines)) {
      const one = textAt(place, lines, Math.min(bounds.side, room))
      room -= Object.values(one.text).reduce((sum, text) => sum + (text?.length ?? 0), 0)
      texts.push(one)
    }
    told.push({ ...conflict, texts })
  }
  return told
}

/** The lines of each version; null where there is none, or no text. */
type Lines = Readonly<Record<keyof Versions, readonly string[] | null>>

const noLines: Lines = { base: null, ours: null, theirs: null }

async function linesOf(objects: Objects, { base, ours, theirs }: Versions): Promise<Lines> {
  const read = async (stage: Stage | null): Promise<readonly string[] | null> =>
    stage === null || stage.mode === '160000'
      ? null
      : (textOf((await objects.read(stage.oid)).content, null)?.lines ?? null)
  return { base: await read(base), ours: await read(ours), theirs: await read(theirs) }
}

/** Where a conflict has no places of its own: what the side that there is has changed, or the whole of links and small things. */
function placesIn({ kind, places, versions }: FoundConflict, { base, ours, theirs }: Lines): readonly ConflictPlace[] {
  if (places.length > 0) return places
  if (kind === 'modify/delete' || kind === 'outside-owns') {
    const side = versions.ours === null ? theirs : ours
    return side === null && base === null ? [] : changesOf(base ?? [], side ?? [], versions.ours === null)
  }
  if (kind !== 'mode' && !isOfLinks(versions)) return []
  const whole = (of: readonly string[] | null): LineRange => ({ from: 1, to: of?.length ?? 0 })
  return [{ ours: whole(ours), base: whole(base), theirs: whole(theirs) }]
}

const isOfLinks = ({ ours, theirs }: Versions): boolean => ours?.mode === '120000' && theirs?.mode === '120000'

const changesOf = (base: readonly string[], side: readonly string[], isTheirs: boolean): readonly ConflictPlace[] =>
  diffLines(base, side).map(({ oldFrom, oldTo, newFrom, newTo }) => {
    const [changed, gone] = [
      { from: newFrom + 1, to: newTo },
      { from: 1, to: 0 },
    ]
    return {
      ours: isTheirs ? gone : changed,
      base: { from: oldFrom + 1, to: oldTo },
      theirs: isTheirs ? changed : gone,
    }
  })

function textAt(place: ConflictPlace, lines: Lines, most: number): ConflictText {
  const cut = (side: keyof Versions): string | null =>
    lines[side] === null ? null : lines[side].slice(place[side].from - 1, place[side].to).join('')
  const whole = { ours: cut('ours'), base: cut('base'), theirs: cut('theirs') }
  const within = (text: string | null): string | null => text?.slice(0, Math.max(0, most)) ?? null
  const text = { ours: within(whole.ours), base: within(whole.base), theirs: within(whole.theirs) }
  const truncated = (['ours', 'base', 'theirs'] as const).some((side) => text[side] !== whole[side])
  return { ...place, text, truncated }
}
