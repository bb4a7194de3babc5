/** The text of `JSON.stringify(value, null, 2)` and a line's end, in pieces: lists item by item, but for those within lists. */
export function* jsonPieces(value: object): Generator<string> {
  yield* objectPieces(value, '')
  yield '\n'
}

function* objectPieces(value: object, indentation: string): Generator<string> {
  const within = `${indentation}  `
  let isFirst = true
  yield '{'
  for (const [key, part] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
    const inParts = hasParts(part)
    const whole = inParts ? '' : textOf(part, within)
    if (whole === undefined) continue
    yield `${isFirst ? '' : ','}\n${within}${JSON.stringify(key)}: `
    isFirst = false
    if (!inParts) yield whole
    else if (Array.isArray(part)) yield* listPieces(part, within)
    else yield* objectPieces(part, within)
  }
  yield isFirst ? '}' : `\n${indentation}}`
}

function* listPieces(list: readonly unknown[], indentation: string): Generator<string> {
  if (list.length === 0) return yield '[]'
  const within = `${indentation}  `
  for (const [index, item] of list.entries())
    yield `${index === 0 ? '[' : ','}\n${within}${textOf(item, within) ?? 'null'}`
  yield `\n${indentation}]`
}

const gatheredCharacters = 65_536

/** Pieces of a text gathered into some that end where a line does, each without its last line's end. */
export function* wholeLines(pieces: Iterable<string>): Generator<string> {
  let gathered = ''
  for (const piece of pieces) {
    gathered += piece
    if (gathered.length < gatheredCharacters) continue
    const end = gathered.lastIndexOf('\n')
    if (end < 0) continue
    yield gathered.slice(0, end)
    gathered = gathered.slice(end + 1)
  }
  yield gathered.replace(/\n$/, '')
}

/** What says by itself how it is written has none. */
const hasParts = (part: unknown): part is object => typeof part === 'object' && part !== null && !('toJSON' in part)

/** Undefined where JSON has no word for it. */
function textOf(value: unknown, indentation: string): string | undefined {
  const text = JSON.stringify(value, null, 2) as string | undefined
  return text?.replaceAll('\n', `\n${indentation}`)
}
