import type { Finding } from '../agents/agent.ts'
import type { TaskId } from '../ids.ts'
import { fileFacts } from './resolvers/file-facts.ts'
import type { LedgerFile } from './ledger.ts'
import { diffLines } from './text/line-diff.ts'

/** A name that one task took away or changed, and another newly uses. */
export interface StaleName {
  readonly name: string
  /** The task that took it away, or changed how it is called. */
  readonly by: TaskId
  /** The task that newly uses it as it was. */
  readonly usedBy: TaskId
  readonly finding: Finding
}

/**
 * Names that one task removes, renames or gives other parameters, against what other tasks newly write: what merges as text and is
 * broken together. Only over the files that were changed, by declarations at the outermost level and of members; a name that is still
 * declared somewhere in them is no longer missing.
 * @param startsFrom whether a task started from the work of another, and so knows of it
 */
export function staleNames(
  files: readonly LedgerFile[],
  startsFrom: (task: TaskId, other: TaskId) => boolean,
): readonly StaleName[] {
  const source = files.filter(({ path }) => fileFacts(path).kind === 'source')
  const changed = changedNames(source)
  return source.flatMap((file) =>
    addedLines(file).flatMap(({ text, line }) =>
      wordsIn(text).flatMap(({ word, column }) =>
        (changed.get(word) ?? [])
          .filter(({ task }) => task !== file.task && !startsFrom(file.task, task))
          .map(({ task, how }) => ({
            name: word,
            by: task,
            usedBy: file.task,
            finding: findingOf(file, { line, column, text, word }, `${task} ${how}`),
          })),
      ),
    ),
  )
}

interface ChangedName {
  readonly task: TaskId
  readonly how: string
}

function changedNames(files: readonly LedgerFile[]): ReadonlyMap<string, readonly ChangedName[]> {
  const stillThere = new Map(files.flatMap((file) => [...declaredIn(file.isSame ? file.after : file.final)]))
  const changed = new Map<string, ChangedName[]>()
  for (const [task, own] of Map.groupBy(files, (file) => file.task)) {
    const [before, after] = [own.map((file) => declaredIn(file.before)), own.map((file) => declaredIn(file.after))].map(
      (maps) => new Map(maps.flatMap((one) => [...one])),
    )
    for (const [name, parameters] of before ?? []) {
      const now = after?.get(name)
      const how = howChanged({ before: parameters, now, final: stillThere.get(name) })
      if (how !== null) changed.set(name, [...(changed.get(name) ?? []), { task, how }])
    }
  }
  return changed
}

interface Declarations {
  readonly before: string
  readonly now: string | undefined
  readonly final: string | undefined
}

function howChanged({ before, now, final }: Declarations): string | null {
  if (now === undefined) return final === undefined ? 'takes it away' : null
  return now !== before && before.startsWith('(') && final === now ? `now declares it with ${now}` : null
}

const declaration =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|var|type|interface|enum|struct|func(?:\s+\([^)]*\))?)\s+([\w$]+)\s*(\([^()]*\))?|^\s*(?:async\s+)?def\s+(\w+)\s*(\([^()]*\))/

/** Names with their parameters, where those stand on the same line. */
function declaredIn(lines: readonly string[] | null): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const line of lines ?? []) {
    const [, name, parameters, method, methodParameters] = declaration.exec(line) ?? []
    const found = name ?? method
    if (found !== undefined && found.length > 2) names.set(found, parameters ?? methodParameters ?? '')
  }
  return names
}

/** What a task put, with its place in the proposal. */
function addedLines({ before, after, final, isSame }: LedgerFile): readonly { text: string; line: number }[] {
  if (after === null) return []
  const there = isSame ? after : (final ?? [])
  return diffLines(before ?? [], after).flatMap(({ newFrom, newTo }) =>
    after.slice(newFrom, newTo).flatMap((text) => {
      const at = there.indexOf(text)
      return at === -1 || declaration.test(text) ? [] : [{ text, line: at + 1 }]
    }),
  )
}

const wordsIn = (text: string): readonly { word: string; column: number }[] =>
  [...text.matchAll(/[A-Za-z_$][\w$]{2,}/g)].map((found) => ({ word: found[0], column: found.index + 1 }))

interface Place {
  readonly line: number
  readonly column: number
  readonly text: string
  readonly word: string
}

function findingOf({ path, task }: LedgerFile, { line, column, text, word }: Place, why: string): Finding {
  return {
    rule: 'troupe/stale-name',
    severity: 'warning',
    file: path,
    line,
    column,
    endLine: line,
    endColumn: column + word.length,
    message: `${task} newly uses ${word}, and ${why}: each is right alone, together they may be broken`,
    text: text.trim().slice(0, 200),
  }
}
