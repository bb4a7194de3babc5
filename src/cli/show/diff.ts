import type { Git } from '../../changes/git.ts'
import type { CommitId } from '../../ids.ts'
import { plainLines } from '../../plain-text.ts'
import { type Terminal, wantsColour } from '../terminal.ts'

/** What two commits differ in. */
export interface Difference {
  readonly base: CommitId
  readonly commit: CommitId
}

/**
 * The diff as git makes it, whatever the user's settings; where people see it, coloured and without other escape codes.
 * @param terminal where it is printed, which ends the last line; null for programs, which get all of it
 */
export async function diffText(git: Git, { base, commit }: Difference, terminal: Terminal | null): Promise<string> {
  const isSeen = terminal !== null && terminal.answersSeen
  const colour = isSeen && wantsColour(terminal) ? 'always' : 'never'
  const { stdout } = await git.run([...sameForEveryone, `--color=${colour}`, base, commit])
  if (terminal === null) return stdout
  const lines = stdout.replace(/\n$/, '')
  return isSeen ? harmless(lines) : lines
}

const sameForEveryone = [
  '-c',
  'diff.suppressBlankEmpty=false',
  'diff',
  '--no-ext-diff',
  '--no-textconv',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--unified=3',
  '--inter-hunk-context=0',
  '--find-renames',
  '--diff-algorithm=default',
  '--indent-heuristic',
  '--no-relative',
  '--no-color-moved',
  '--submodule=short',
  '--ignore-submodules=none',
  '-O/dev/null',
]

const colourCode = new RegExp(String.raw`(${'\u001B'}\[[\d;]*m)`)

const harmless = (text: string): string =>
  text
    .split(colourCode)
    .map((part, index) => (index % 2 === 1 ? part : plainLines(part)))
    .join('')
