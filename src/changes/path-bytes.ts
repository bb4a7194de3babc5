/**
 * A path of a tree as text. Names are bytes and need not be UTF-8: one that is not keeps each byte above 127 as a lone surrogate
 * (U+DC80 to U+DCFF), which no text has, so that every path has a text of its own.
 * @param bytes one letter each (latin1), as git's output is read
 */
export function pathOf(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  return /^[\x00-\x7f]*$/.test(bytes) ? bytes : bytes.split('/').map(nameOf).join('/')
}

function nameOf(bytes: string): string {
  const name = Buffer.from(bytes, 'latin1')
  const text = name.toString('utf8')
  const isUtf8 = !text.includes('\uFFFD') || Buffer.from(text).equals(name)
  return isUtf8 ? text : bytes.replaceAll(/[\x80-\xff]/g, (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)))
}

/** The bytes that a path stands for. */
export function bytesOfPath(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path)
  // latin1 keeps the lower byte of each letter
  const names = path.split('/').map((name) => Buffer.from(name, name.isWellFormed() ? 'utf8' : 'latin1'))
  return Buffer.concat(names.flatMap((name, at) => (at === 0 ? [name] : [slash, name])))
}

const slash = Buffer.from('/')

/** Git's `-z` output as paths that keep every byte. */
export const bytePaths = (output: Uint8Array): readonly string[] =>
  Buffer.from(output).toString('latin1').split('\0').slice(0, -1)

/** Paths as the input of a command that reads them with `-z`. */
export const nulTerminated = (paths: readonly string[]): Uint8Array =>
  Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1')
