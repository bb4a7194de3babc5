import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import type { Failure } from '../failure.ts'
import type { Program, ProgramEnd } from '../../processes/program.ts'

/** A program's end that may be a failure. */
export type BadEnd = Exclude<ProgramEnd, { readonly how: 'stopped' }>

/** Says what went wrong. `lastLine` is the last thing the program said, null when it said nothing. */
export function failureOf(end: BadEnd, program: Program, lastLine: string | null): Failure {
  const name = nameOf(program)
  const said = lastLine === null ? '' : `: ${lastLine}`
  const fold = (text: string): string => foldText(text, program.directory)
  switch (end.how) {
    case 'exited':
      return {
        kind: 'agent',
        message: `${name} exited with ${end.code}${said}`,
        signature: `agent ${end.code} ${fold(said)}`,
      }
    case 'signalled':
      return {
        kind: 'crash',
        message: `${name} was ended by ${end.signal}${said}`,
        signature: `crash ${end.signal} ${fold(said)}`,
      }
    case 'launcher-died':
      return {
        kind: 'infrastructure',
        message: `${name} was killed: the server that had started it died`,
        signature: 'launcher died',
      }
    case 'not-started':
      return notStarted(end, program)
  }
}

/** What a program is called in messages: its file's name, or the start of its shell script. */
export const nameOf = ({ argv, shell }: Program): string =>
  shell ? argv.join(' ').slice(0, 60) : basename(argv[0] ?? '')

/** A program that is not there, or may not be run, is the order's fault: trying again does not help. */
function notStarted(end: Extract<ProgramEnd, { readonly how: 'not-started' }>, program: Program): Failure {
  const { code } = end
  const reason = (kind: Failure['kind'], message: string): Failure => ({
    kind,
    message,
    signature: `${kind} ${message}`,
  })
  const file = program.argv[0] ?? ''
  if (!existsSync(program.directory)) return reason('infrastructure', 'the working directory does not exist')
  if (code === 'ENOENT' && /[/\\]/.test(file))
    return reason('agent', `${file}: not found, or the interpreter that it names is not`)
  if (code === 'ENOENT') return reason('agent', `${file}: not found on PATH`)
  if (code === 'EACCES') return reason('agent', `${file}: may not be executed`)
  if (code === 'E2BIG') return reason('agent', `${nameOf(program)}: the arguments are too long for the system`)
  if (code.startsWith('ERR_')) return reason('agent', `${nameOf(program)}: ${end.message}`)
  return reason('infrastructure', `${nameOf(program)} could not be started: ${code}`)
}

/** Text without what differs between two equal failures: numbers, object ids, temporary paths, the workspace. */
export function foldText(text: string, directory: string): string {
  return text
    .replaceAll(directory, '.')
    .replaceAll(tmpdir(), '/tmp')
    .replace(/(?:\/private)?\/(?:tmp|var\/folders|var\/tmp)\/[^\s:'"]+/g, '<tmp>')
    .replace(/\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{6,}\b/gi, '#')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}
