import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Programs that run a command for every line, sixteen at once; GNU parallel is kept from asking to be cited. */
export const lineRunners: ReadonlyMap<string, readonly string[]> = new Map([
  ['xargs', ['-n', '1', '-P', '16', 'true']],
  ['parallel', ['--will-cite', '-j', '16', 'true']],
])

/** Milliseconds that such a program takes for so many times `true`, from its start to its end. */
export async function timeLines(program: string, lines: number, home: string): Promise<number> {
  const beganMs = performance.now()
  const child = spawn(program, lineRunners.get(program) ?? [], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, HOME: home },
  })
  const ended = once(child, 'exit')
  child.stdin?.on('error', () => {}) // its end says more
  child.stdin?.end('x\n'.repeat(lines))
  const [status] = (await ended) as [number | null]
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
  return performance.now() - beganMs
}
