import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ProgramOrder } from './launcher.ts'

/** A small process that starts programs for this one. */
export type Server = ChildProcessByStdio<Writable, Readable, null>

/** The variables of a program. */
export type Environment = ProgramOrder['environment']

/** A request: R starts a program, E names the variables that every program after it has. */
export function message(kind: 'R' | 'E', parts: readonly string[], input?: Uint8Array): Buffer {
  const fields = Buffer.from(parts.join('\0'))
  const lengths = input === undefined ? `${fields.length}` : `${fields.length} ${input.length}`
  return Buffer.concat([Buffer.from(`${kind} ${lengths}\n`), fields, input ?? new Uint8Array()])
}

/** The variables that are not common already. */
export const variablesOf = (environment: Environment, common: Environment): readonly string[] =>
  Object.entries(environment)
    .filter(([name, value]) => common[name] !== value)
    .map(([name, value]) => `${name}=${value}`)

/** Whether an environment has all that is common, so that only additions need to be said; nothing is common at first. */
export function isAddedTo(common: Environment, environment: Environment): boolean {
  const names = Object.keys(common)
  return names.length > 0 && names.every((name) => name in environment)
}

/** NUL parts the fields of a request, and no system call takes it anyway. */
export const hasNul = ({ argv, directory, environment }: Pick<ProgramOrder, 'argv' | 'directory' | 'environment'>) =>
  [...argv, directory, ...Object.values(environment)].some((text) => text.includes('\0'))
