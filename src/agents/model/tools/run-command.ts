import { stripVTControlCharacters } from 'node:util'
import * as z from 'zod'
import { type ProgramEnd, runProgram } from '../../../processes/program.ts'
import type { Desk } from './desk.ts'
import { newExcerpt } from './excerpt.ts'
import { defineTool, done, refused, type ToolAnswer } from './tool.ts'

/** A line for the shell. */
export const runCommand = defineTool({
  name: 'run_command',
  description: 'Runs a line of the shell in the root of the repository and shows its output and exit code.',
  acts: true,
  input: z.strictObject({ command: z.string().min(1).max(20_000) }),
  line: ({ command }) => `run ${command}`,
  async use({ command }, desk) {
    await desk.beforeCommand()
    const excerpt = newExcerpt()
    const { end, isLate } = await ran(command, desk, (chunk) => {
      desk.context.output(chunk)
      excerpt.add(chunk)
    })
    desk.context.signal.throwIfAborted()
    return answer(end, { said: stripVTControlCharacters(excerpt.text()), isLate, desk })
  },
})

interface Ran {
  readonly end: ProgramEnd
  readonly isLate: boolean
}

/** Until it ends, takes too long, or the attempt is stopped. One pipe for both streams: their lines come in the order they were written. */
async function ran(command: string, desk: Desk, output: (chunk: Uint8Array) => void): Promise<Ran> {
  const { assignment, context, clock, launcher } = desk
  const late = new AbortController()
  const cancel = clock.after(desk.commandMs, () => {
    late.abort()
  })
  const program = {
    argv: [`exec 2>&1\n${command}`],
    shell: true,
    directory: assignment.directory,
    env: desk.environment,
  }
  const end = await runProgram(program, {
    clock,
    launcher,
    signal: AbortSignal.any([context.signal, late.signal]),
    graceMs: context.graceMs,
    output,
    started: context.started,
  }).finally(cancel)
  return { end, isLate: late.signal.aborted }
}

interface Seen {
  readonly said: string
  readonly isLate: boolean
  readonly desk: Desk
}

function answer(end: ProgramEnd, { said, isLate, desk }: Seen): ToolAnswer {
  const text = (line: string): string => (said === '' ? line : `${said.replace(/\n$/, '')}\n(${line})`)
  switch (end.how) {
    case 'exited':
      return end.code === 0 ? done(text('exit code 0')) : refused(text(`exit code ${end.code}`))
    case 'signalled':
      return refused(text(`ended by ${end.signal}`))
    case 'stopped':
      return refused(text(isLate ? `stopped: it took longer than ${desk.commandMs / 1_000} s` : 'stopped'))
    case 'launcher-died':
      return refused(text('killed: what had started it died'))
    case 'not-started':
      return refused(`it could not be started: ${end.message}`)
  }
}
