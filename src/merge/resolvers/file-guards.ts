import { isBalanced } from './brackets.ts'
import type { FileFacts, Language } from './file-facts.ts'
import { lostImport } from './lost-imports.ts'
import { isWellIndented } from './python-lines.ts'
import { isWellNested } from './yaml-lines.ts'

interface Guarded {
  readonly file: FileFacts
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

/** Why a resolved text cannot be right; null when nothing speaks against it. A fault that both sides have is no fault of the merge. */
export function brokenIn(text: string, { file, ours, theirs }: Guarded): string | null {
  const sides = (): readonly string[] => [ours.join(''), theirs.join('')] // hardly ever looked at
  const markers = markersIn(text)
  if (markers > 0 && sides().every((side) => markersIn(side) < markers)) return 'it holds a conflict marker'
  const wrong = formsOf(file).find(({ isRight }) => !isRight(text) && sides().every(isRight))
  if (wrong !== undefined) return wrong.fault
  const twice = declaredTwice(text, sides)
  if (file.kind === 'source' && twice !== null) return `${twice} is declared twice`
  const lost = lostImport(text, sides, file)
  return lost === null ? null : `${lost} is still used, and one side no longer brings it in`
}

/** What every text of a kind of files is. */
interface Form {
  readonly isRight: (text: string) => boolean
  readonly fault: string
}

const bracketed: Form = { isRight: isBalanced, fault: 'its brackets do not match' }
const indented = { fault: 'a line is indented as none may be' }
const forms: Partial<Record<Language, Form>> = {
  json: { isRight: isJson, fault: 'the result is not JSON' },
  python: { ...indented, isRight: isWellIndented },
  yaml: { ...indented, isRight: isWellNested },
}

function formsOf({ kind, language }: FileFacts): readonly Form[] {
  const own = language === null ? undefined : forms[language]
  const all = kind === 'source' || language === 'json' ? [bracketed] : []
  return own === undefined ? all : [own, ...all]
}

/** What git puts around conflicts. */
const markersIn = (text: string): number => text.match(/^(?:<{7}|\|{7}|={7}|>{7})(?: |\r?$)/gm)?.length ?? 0

/** Whether a text is JSON, without comments. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A whole line that declares a name at the outermost level, and comes more often than in either side. */
function declaredTwice(text: string, sides: () => readonly string[]): string | null {
  const repeated = [...declarationsIn(text)].filter(([, times]) => times > 1)
  if (repeated.length === 0) return null
  const known = sides().map(declarationsIn)
  return repeated.find(([name, times]) => known.every((side) => (side.get(name) ?? 0) < times))?.[0] ?? null
}

const declaration =
  /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\*?|class|def|func|const|let|var|interface|enum|struct)\s+([\w$]+)/gm

function declarationsIn(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [, name = ''] of text.matchAll(declaration)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
