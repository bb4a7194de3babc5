import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { findProgram } from '../../processes/find-program.ts'

/** A Redis of our own on loopback, which keeps nothing on disk. */
export interface LocalRedis extends AsyncDisposable {
  readonly port: number
}

/** Starts one; null where there is no redis-server. */
export async function openRedis(folder: string): Promise<LocalRedis | null> {
  if (findProgram('redis-server', process.env) === null) return null
  const port = await freePort()
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  await untilReady(child)
  return {
    port,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function untilReady(child: ChildProcess): Promise<void> {
  const ready = Promise.withResolvers<void>()
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000)
    if (said.includes('Ready to accept connections')) ready.resolve()
  })
  child.once('exit', (status) => {
    ready.reject(new Error(`redis-server ended with ${status}: ${said}`))
  })
  await ready.promise
}
