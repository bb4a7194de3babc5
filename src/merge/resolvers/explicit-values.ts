import { outermostIn } from './outermost-lines.ts'

/** Whether both give members of an enumeration, or the fields of a message, the same number or word: one of the two would have to have another. */
export function haveOneValue(ours: readonly string[], theirs: readonly string[], path = ''): boolean {
  const pattern = path.endsWith('.proto') ? field : member
  const values = new Set(valuesIn(ours, pattern))
  return values.size > 0 && valuesIn(theirs, pattern).some((value) => values.has(value))
}

const valuesIn = (lines: readonly string[], pattern: RegExp): readonly string[] =>
  outermostIn(lines).flatMap(
    (line) =>
      pattern
        .exec(line)
        ?.slice(1)
        .find((value) => value !== undefined) ?? [],
  )

/** `C = 3,`, `case c = 3`, `C(3),`; without a comma 0 and 1 are what many constants have. */
const member =
  /^\s*(?:[A-Z]\w*(?:\s+[A-Z]\w*)?|case\s+\w+)\s*=\s*(?:(-?\d\w*|\d\w*\s*<<\s*\d+|"[^"]+"|'[^']+')\s*,|(-?[2-9]\w*|-?\d\w+|\d\w*\s*<<\s*\d+|"[^"]+"|'[^']+')\s*;?)\s*(?:(?:\/\/|\/\*|#).*)?$|^\s*[A-Z]\w*\(([\w"']+)\)\s*[,;]\s*$/

const field = /=\s*(\d+)\s*(?:\[[^\]]*\]\s*)?;/
