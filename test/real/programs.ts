import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../acceptance/troupe.ts'
import { folderOf, type RealAgent } from './agents.ts'

/** A program that runs. */
export interface RunningProgram {
  readonly pid: number
  /** Its words, parted by spaces. */
  readonly line: string
}

/** All that run on this machine. */
export const allPrograms = (): readonly RunningProgram[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), line: lineOf(name) }))

/** Programs of an agent that run. */
export const programsOf = (agent: RealAgent): readonly RunningProgram[] =>
  allPrograms().filter(({ line }) => line.includes(`${folderOf(agent, join(root, '.real'))}/`))

function lineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
