import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { kinds } from '../agents/registry.ts'
import { messageOf, TroupeError } from '../errors.ts'
import { manifestToYaml } from '../plan/as-manifest.ts'
import { isExpression, readExpression } from '../plan/expression.ts'
import { readManifest } from '../plan/manifest.ts'
import { showMistakes } from '../plan/show-mistakes.ts'
import type { Manifest, Mistake } from '../plan/task.ts'

/** A manifest as given on the command line. */
export interface GivenManifest {
  readonly manifest: Manifest
  /** The manifest's text; that of an expression is the manifest it stands for. */
  readonly text: string
  /** Absolute path of its file; null for an expression. */
  readonly file: string | null
  readonly warnings: readonly string[]
}

/** A file that is no manifest, with all that is wrong in it. */
export interface WrongManifest extends Found {
  readonly file: string
}

/** Reads what a command was given: a file, or a task expression. Throws MANIFEST_NOT_FOUND, MANIFEST_INVALID or EXPRESSION_INVALID. */
export function readManifestArgument(argument: string, directory: string): GivenManifest {
  const given = readArgument(argument, directory)
  if ('mistakes' in given) throw invalidManifest(argument, given)
  return given
}

/** The same for who has more to say of a manifest with mistakes. Throws MANIFEST_NOT_FOUND or EXPRESSION_INVALID. */
export function readArgument(argument: string, directory: string): GivenManifest | WrongManifest {
  if (argument.trim() === '') return readLine(argument) // resolved, it would be the folder itself
  const path = resolve(directory, argument)
  if (existsSync(path) && statSync(path).isDirectory())
    throw new TroupeError('MANIFEST_NOT_FOUND', `${argument} is a folder, and a manifest is a file`)
  if (existsSync(path)) return readFile(path, argument)
  if (isExpression(argument)) return readLine(argument)
  throw new TroupeError(
    'MANIFEST_NOT_FOUND',
    `there is no file ${argument}, and a task expression has more than one word`,
  )
}

function readFile(path: string, shown: string): GivenManifest | WrongManifest {
  const text = textOf(path, shown)
  const reading = readManifest(text, { kinds })
  if (!reading.ok) return { file: path, text, mistakes: reading.mistakes }
  const warnings = reading.warnings.map(({ line, column, message }) => `${shown}:${line}:${column} ${message}`)
  return { manifest: reading.value, text, file: path, warnings }
}

function textOf(path: string, shown: string): string {
  try {
    return wholeText(path)
  } catch (cause) {
    throw new TroupeError('MANIFEST_NOT_FOUND', `${shown} cannot be read as UTF-8 text: ${messageOf(cause)}`, { cause })
  }
}

/** @throws an error for what is no UTF-8 */
function wholeText(path: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const chunk = Buffer.alloc(65_536)
  const file = openSync(path, 'r')
  try {
    let text = ''
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
      text += decoder.decode(chunk.subarray(0, read), { stream: true })
    return text + decoder.decode()
  } finally {
    closeSync(file)
  }
}

function readLine(expression: string): GivenManifest {
  const reading = readExpression(expression, { kinds })
  if (!reading.ok) {
    const wrong = invalid('EXPRESSION_INVALID', 'expression', { text: expression, mistakes: reading.mistakes })
    throw mayBePath(expression) ? neither(expression, wrong) : wrong
  }
  return { manifest: reading.value, text: manifestToYaml(reading.value, { schema: null }), file: null, warnings: [] }
}

/** A path may hold white space, and a manifest's ends so; quotes, agents and joints no path has by accident. */
const mayBePath = (argument: string): boolean =>
  /\.(?:ya?ml|json)$/i.test(argument) && !/["'@]| (?:AND|THEN) /.test(argument)

function neither(argument: string, wrong: TroupeError): TroupeError {
  const message = `there is no file ${argument}, and it is no task expression either:\n${wrong.message}`
  return new TroupeError('MANIFEST_NOT_FOUND', message, { cause: wrong, details: wrong.details })
}

/** A manifest's mistakes, shown in its text. */
export const invalidManifest = (shown: string, found: Found): TroupeError => invalid('MANIFEST_INVALID', shown, found)

interface Found {
  readonly text: string
  readonly mistakes: readonly Mistake[]
}

function invalid(
  code: 'MANIFEST_INVALID' | 'EXPRESSION_INVALID',
  file: string,
  { text, mistakes }: Found,
): TroupeError {
  return new TroupeError(code, showMistakes(file, text, mistakes), { details: mistakes })
}
