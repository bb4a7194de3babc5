/** A value that must not be written down anywhere, and the variable it came from. */
export interface Secret {
  readonly name: string
  readonly value: string
}

/** Shorter values cannot be told from any other text. */
export const shortestSecret = 6

/** One way in which a secret may be written. */
export interface SecretForm {
  readonly name: string
  readonly text: string
}

/** A value as it is, in JSON, in an address, in base64 and in hexadecimal; of several lines each one too. The longest come first. */
export function formsOf(secrets: readonly Secret[]): readonly SecretForm[] {
  const forms = secrets.flatMap(({ name, value }) => {
    const pieces = [value, ...linesOf(value)]
    return [...new Set(pieces.flatMap(writtenForms))].map((text) => ({ name, text }))
  })
  return forms.toSorted((one, other) => other.text.length - one.text.length)
}

/** A key is often printed line by line, or with other ends of lines; its first and last line are no secret. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  return lines.length === 1
    ? []
    : lines.filter((line) => line.length >= 2 * shortestSecret && !line.startsWith('-----'))
}

function writtenForms(value: string): readonly string[] {
  const address = encodeURIComponent(value)
  const hex = Buffer.from(value).toString('hex')
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    address,
    address.replaceAll('%20', '+'),
    address.replace(/%../g, (code) => code.toLowerCase()),
    hex,
    hex.toUpperCase(),
    ...base64Forms(value),
  ]
}

/** Base64 of a text that holds the value: what does not depend on the bytes around it, for each place at which it can begin. */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const cores = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const long = cores.filter((core) => core.length > shortestSecret)
  return [...long, ...long.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'))]
}
