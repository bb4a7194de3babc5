import type { TaskId } from '../ids.ts'
import type { Conflict } from './conflict.ts'
import { quoted } from './conflict-message.ts'
import { filesOutside } from './owns.ts'

interface Owner {
  readonly changeSet: { readonly task: TaskId }
  readonly owns: readonly string[] | null
}

/** What a change set changed outside what its task owns. */
export function outsideOwns({ changeSet: { task }, owns }: Owner, files: readonly string[]): readonly Conflict[] {
  return filesOutside(owns, files).map((file) => ({
    kind: 'outside-owns',
    file,
    ours: null,
    theirs: task,
    places: [],
    message: `${task} changed ${quoted(file)}, which its owns (${owns?.join(', ') ?? ''}) does not cover.`,
  }))
}
