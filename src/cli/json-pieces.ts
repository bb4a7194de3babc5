/** The text of `JSON.stringify(value, null, 2)` and a line's end, in pieces: the lists right in `value` item by item. */
export function* jsonPieces(value: object): Generator<string> {
  let isFirst = true
  yield '{'
  for (const [key, part] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
    const whole = Array.isArray(part) ? '' : textOf(part, '  ')
    if (whole === undefined) continue
    yield `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `
    isFirst = false
    if (Array.isArray(part)) yield* listPieces(part)
    else yield whole
  }
  yield isFirst ? '}\n' : '\n}\n'
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  if (list.length === 0) return yield '[]'
  for (const [index, item] of list.entries()) yield `${index === 0 ? '[' : ','}\n    ${textOf(item, '    ') ?? 'null'}`
  yield '\n  ]'
}

/** Undefined where JSON has no word for it. */
function textOf(value: unknown, indentation: string): string | undefined {
  const text = JSON.stringify(value, null, 2) as string | undefined
  return text?.replaceAll('\n', `\n${indentation}`)
}
