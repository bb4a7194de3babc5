import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { constants } from 'node:os'

/**
 * Runs in a network namespace of its own: brings connections to a port of its loopback to a socket that is let in from outside, and
 * runs a program meanwhile, whose end is its own. Arguments: socket, port, program and its arguments.
 */
const [socket = '', port = '', program = '', ...words] = process.argv.slice(2)

const server = createServer((near) => {
  const far = connect(socket)
  near.on('error', () => far.destroy())
  far.on('error', () => near.destroy())
  near.pipe(far).pipe(near)
})

server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(program, words, { stdio: hasReport() ? ['inherit', 'inherit', 'inherit', 3] : 'inherit' })
  child.once('error', ({ message }) => {
    process.stderr.write(`${message}\n`)
    process.exit(127)
  })
  child.once('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
  })
})

/** Whether the program is to tell by a file how it ended; Node's own descriptors are no files. */
function hasReport(): boolean {
  try {
    return fstatSync(3).isFile()
  } catch {
    return false
  }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {}) // the program has it as well
