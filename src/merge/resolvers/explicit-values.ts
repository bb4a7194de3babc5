import { outermostIn } from './outermost-lines.ts'

/** Whether both give members of an enumeration, or the fields of a message, the same number or word: one of the two would have to have another. */
export function haveOneValue(ours: readonly string[], theirs: readonly string[], path = ''): boolean {
  const pattern = path.endsWith('.proto') ? field : member
  const values = new Set(valuesIn(ours, pattern))
  return values.size > 0 && valuesIn(theirs, pattern).some((value) => values.has(value))
}

const valuesIn = (lines: readonly string[], pattern: RegExp): readonly string[] =>
  outermostIn(lines).flatMap((line) => {
    const [, family = '', number = ''] = defined.exec(line) ?? []
    if (number !== '') return [`${family} ${number.replaceAll(/[\s()]/g, '')}`]
    return (
      pattern
        .exec(line)
        ?.slice(1)
        .find((value) => value !== undefined) ?? []
    )
  })

/** `#define OP_SEEK 3`: of one family are names that begin with the same word. */
const defined = /^\s*#\s*define\s+([A-Za-z]+)_\w+\s+(\(?\s*\d\w*\s*<<\s*\d+\s*\)?|[2-9]\w*|\d\w+)\s*(?:\/[/*].*)?$/

/** `C = 3,`, `case c = 3`, `C(3),`; without a comma 0 and 1 are what many constants have. */
const member =
  /^\s*(?:[A-Z]\w*(?:\s+[A-Z]\w*)?|case\s+\w+)\s*=\s*(?:(-?\d\w*|\d\w*\s*<<\s*\d+|"[^"]+"|'[^']+')\s*,|(-?[2-9]\w*|-?\d\w+|\d\w*\s*<<\s*\d+|"[^"]+"|'[^']+')\s*;?)\s*(?:(?:\/\/|\/\*|#).*)?$|^\s*[A-Z]\w*\(([\w"']+)\)\s*[,;]\s*$/

const field = /=\s*(\d+)\s*(?:\[[^\]]*\]\s*)?;/
