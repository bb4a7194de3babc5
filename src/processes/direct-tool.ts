import { type ChildProcess, spawn } from 'node:child_process'
import type { ProgramExit } from './launcher.ts'
import { notStarted } from './program.ts'
import type { Tool, ToolEnd } from './tool.ts'

/** Runs a tool from this very process; the cost of each start grows with this process's memory. */
export function runDirectly({ argv, directory, environment, input }: Tool): Promise<ToolEnd> {
  const [file = '', ...args] = argv
  const { promise, resolve } = Promise.withResolvers<ToolEnd>()
  let child: ChildProcess
  try {
    child = spawn(file, args, {
      cwd: directory,
      env: { ...environment },
      windowsHide: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
  } catch (error) {
    return Promise.resolve(neverRan(notStarted(error)))
  }
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => void stdout.push(chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.once('error', (error) => {
    resolve(neverRan(notStarted(error)))
  })
  child.once('close', (code, signal) => {
    const exit: ProgramExit = signal === null ? { how: 'exited', code: code ?? 0 } : { how: 'signalled', signal }
    resolve({ exit, stdout: Buffer.concat(stdout), stderr })
  })
  child.stdin?.on('error', () => {}) // it may end before it has read everything; its exit code tells
  child.stdin?.end(input)
  return promise
}

const neverRan = (exit: ProgramExit): ToolEnd => ({ exit, stdout: Buffer.alloc(0), stderr: '' })
