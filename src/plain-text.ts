const longest = 2_000

const escape = '\u001B'
/** Sequences that a terminal obeys (ECMA-48 §5). A string that is not ended in its line ends with it. */
const sequences = [
  String.raw`(?:${escape}\[|\u009B)[0-?]*[ -/]*[@-~]`,
  String.raw`${escape}[\]PX^_][^\u0007${escape}\n]*(?:\u0007|${escape}\\)?`,
  String.raw`${escape}[ -/]*[0-~]`,
]
const escapes = new RegExp(sequences.join('|'), 'g')
/** Invisible characters, some of which reorder text; the joiners of words and emoji are not meant. */
const invisible = /(?![\u200C\u200D])\p{Cf}/gu

/** A text without what a terminal obeys and without invisible characters; single controls stay. */
export const withoutEscapes = (text: string): string => text.replaceAll(escapes, '').replaceAll(invisible, '')

/** An agent's or a program's words as one line that does nothing to a terminal; at most the first 2000 characters count. */
export function plainText(text: string): string {
  return withoutEscapes(text.slice(0, longest))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .toWellFormed()
}

/** The same for a text of many lines: line ends and tabs stay. */
export function plainLines(text: string): string {
  return withoutEscapes(text)
    .replaceAll('\r\n', '\n')
    .replaceAll(/(?![\n\t])\p{Cc}/gu, '')
    .toWellFormed()
}
