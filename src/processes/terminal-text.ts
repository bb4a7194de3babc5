/** What a program tells a terminal, as text that does nothing to one. */
export interface TerminalText {
  /** The text in some more bytes; what may be the beginning of a sequence is kept for the next. */
  add(chunk: Uint8Array): string
}

const escape = '\u001B'

/** Sequences that a terminal obeys (ECMA-48 §5), whole. */
const sequence = new RegExp(
  [
    String.raw`(?:${escape}\[|\u009B)[0-?]*[ -/]*[@-~]`,
    String.raw`${escape}[\]PX^_][^\u0007${escape}]*(?:\u0007|${escape}\\)`,
    String.raw`${escape}[ -/]*[0-OQ-WYZ\\\x60-~]`,
  ].join('|'),
  'g',
)

/** The beginning of one at the end of a text. */
const begun = new RegExp(
  [
    String.raw`(?:${escape}\[|\u009B)[0-?]*[ -/]*$`,
    String.raw`${escape}[\]PX^_][^\u0007${escape}]*${escape}?$`,
    String.raw`${escape}[ -/]*$`,
  ].join('|'),
)

/** Nothing that is this long is a sequence. */
const longest = 4_096

/** What a terminal is asked, and what the plainest one says. */
const replies: ReadonlyMap<string, string> = new Map([
  [`${escape}[5n`, `${escape}[0n`],
  [`${escape}[6n`, `${escape}[1;1R`],
  [`${escape}[c`, `${escape}[?1;2c`],
  [`${escape}[0c`, `${escape}[?1;2c`],
])

/** Reads what is told to one terminal, and replies to what that is asked: some programs wait for it. */
export function newTerminalText(reply: (text: string) => void): TerminalText {
  const decoder = new TextDecoder()
  let kept = ''
  let returns = ''
  return {
    add(chunk) {
      const told = kept + decoder.decode(chunk, { stream: true })
      const at = begun.exec(told)?.index ?? told.length
      kept = told.length - at > longest ? '' : told.slice(at)
      const text = returns + told.slice(0, at).replaceAll(sequence, obey)
      // the end of a line may be on its way
      returns = /\r*$/.exec(text)?.[0] ?? ''
      return text
        .slice(0, text.length - returns.length)
        .replaceAll(/\r+\n?/g, '\n')
        .replaceAll(/(?![\n\t])\p{Cc}/gu, '')
    },
  }

  function obey(told: string): string {
    const said = replies.get(told)
    if (said !== undefined) reply(said)
    return ''
  }
}
