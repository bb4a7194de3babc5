/** A JSDoc or TSDoc comment, taken apart. */
export interface DocComment {
  readonly text: string | null
  readonly parameters: ReadonlyMap<string, { readonly type: string | null; readonly meaning: string | null }>
  readonly returns: { readonly type: string | null; readonly meaning: string | null } | null
  /** Marked as not for others. */
  readonly isInternal: boolean
}

/** Reads a comment from its first star to its last; null when it is not a doc comment. */
export function readDocComment(comment: string): DocComment | null {
  if (!comment.startsWith('/**') || comment === '/**/') return null
  const inner = comment.slice(3, -2).replace(/^[ \t]*\*[ \t]?/gm, '')
  const [text = '', ...blocks] = inner.split(/^[ \t]*(?=@\w)/m)
  const parameters = new Map<string, { type: string | null; meaning: string | null }>()
  let returns: DocComment['returns'] = null
  const others: string[] = []
  for (const block of blocks) {
    const parameter = /^@param\s+(?:\{(.*?)\}\s*)?\[?([\w$.]+)(?:=[^\]]*)?\]?\s*(?:-\s*)?([\s\S]*)$/.exec(block)
    const result = /^@returns?\b\s*(?:\{(.*?)\}\s*)?([\s\S]*)$/.exec(block)
    if (parameter?.[2] !== undefined) parameters.set(parameter[2], parts(parameter[1], parameter[3]))
    else if (result) returns = parts(result[1], result[2])
    else others.push(block.trim())
  }
  return {
    text: [text.trim(), ...others].filter((part) => part !== '').join('\n\n') || null,
    parameters,
    returns,
    isInternal: blocks.some((block) => /^@(?:internal|private)\b/.test(block)),
  }
}

function parts(type: string | undefined, meaning: string | undefined): { type: string | null; meaning: string | null } {
  return { type: type?.trim() || null, meaning: meaning?.replace(/\s+/g, ' ').trim() || null }
}
