import { linesOf } from '../text/lines.ts'
import type { FileFacts } from './file-facts.ts'
import { type ImportForm, importFormOf } from './import-forms.ts'
import { wordsOf } from './similarity.ts'

/**
 * A name that a merged text uses and no longer brings in, because the side that took the import away did not use it; null where there is
 * none, and in languages that tell by their syntax or in which imports say no names.
 */
export function lostImport(text: string, sides: () => readonly string[], file: FileFacts): string | null {
  const form = importFormOf(file)
  if (form === null || form.mayRepeat || file.language !== null) return null
  const [result, ...known] = [text, ...sides()].map((one) => namesOf(one, form))
  const lost = known.flatMap(({ broughtIn }) => [...broughtIn]).filter((name) => !result?.broughtIn.has(name))
  const isUsed = (name: string): boolean =>
    result?.used.has(name) === true && !known.some((side) => !side.broughtIn.has(name) && side.used.has(name))
  return lost.find(isUsed) ?? null
}

interface Names {
  readonly broughtIn: ReadonlySet<string>
  readonly used: ReadonlySet<string>
}

function namesOf(text: string, form: ImportForm): Names {
  const isImport = (line: string): boolean => form.line.test(line.replace(/\r?\n$/, ''))
  const lines = linesOf(text)
  return {
    broughtIn: new Set(lines.filter(isImport).flatMap(form.namesIn)),
    used: new Set(lines.filter((line) => !isImport(line)).flatMap(wordsOf)),
  }
}
