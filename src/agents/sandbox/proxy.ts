import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { privateFolder } from '../../processes/sandbox.ts'
import type { RunId } from '../../ids.ts'
import type { MayReach } from './hosts.ts'
import { proxyPrefix, socketName } from './left-proxies.ts'

/** A proxy on a socket that only whoever sees its folder can reach; no sandbox sees that of another. */
export interface Proxy {
  readonly folder: string
  /** The socket's name in the folder. */
  readonly socketName: string
  close(): Promise<void>
}

/**
 * Lets through what may be reached, as a tunnel (CONNECT) or as a request for an http address, and refuses all else with 403.
 * @param run whose proxy it is: where it is killed, that tells who looks after what it leaves
 * @param refused told of each host that was refused
 */
export async function openProxy(run: RunId, may: MayReach, refused: (host: string) => void): Promise<Proxy> {
  const folder = await mkdtemp(join(privateFolder(), proxyPrefix(run)))
  const sockets = new Set<Duplex>()
  const keep = <One extends Duplex>(socket: One): One => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const guard = { may, refused, keep }
  const server = createServer((asked, answer) => {
    forward(asked, answer, guard)
  })
  server.on('connect', (asked: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(asked, client, { ...guard, head })
  })
  server.on('connection', keep)
  server.listen(join(folder, socketName))
  await once(server, 'listening')
  return {
    folder,
    socketName,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Guard {
  readonly may: MayReach
  readonly refused: (host: string) => void
  readonly keep: <One extends Duplex>(socket: One) => One
}

function tunnel({ url = '' }: IncomingMessage, client: Duplex, guard: Guard & { readonly head: Buffer }): void {
  client.on('error', () => {}) // whoever asked has gone
  const found = /^\[?([^\]]+?)\]?:(\d+)$/.exec(url)
  const [host, port] = [found?.[1] ?? '', Number(found?.[2])]
  if (!guard.may(host, port)) {
    guard.refused(url)
    client.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n${refusal(url)}`)
    return
  }
  const far: Socket = guard.keep(connect(port, host))
  let isOpen = false
  far.once('connect', () => {
    isOpen = true
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    far.write(guard.head)
    far.pipe(client).pipe(far)
  })
  far.once('error', (error) => {
    if (isOpen) client.destroy()
    else client.end(`HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n${messageOf(error)}\n`)
  })
  client.once('close', () => far.destroy())
}

function forward(asked: IncomingMessage, answer: ServerResponse, { may, refused }: Guard): void {
  const { url = '' } = asked
  const to = URL.canParse(url) ? new URL(url) : null
  if (to?.protocol !== 'http:' || !may(to.hostname, Number(to.port) || 80)) {
    refused(to?.host || url)
    answer.writeHead(403).end(refusal(to?.host || url))
    return
  }
  const headers = { ...asked.headers, host: to.host, 'proxy-connection': undefined }
  const onward = request(to, { method: asked.method, headers: present(headers), agent: false }, (far) => {
    answer.writeHead(far.statusCode ?? 502, far.headers)
    // what breaks off there breaks off here: whoever asked would wait for the rest for ever
    far.once('error', () => answer.destroy())
    far.pipe(answer)
  })
  answer.once('close', () => onward.destroy())
  onward.on('error', (error) => {
    if (!answer.headersSent) answer.writeHead(502)
    answer.end(`${messageOf(error)}\n`)
  })
  asked.pipe(onward)
}

const refusal = (host: string): string => `${host} is not among the hosts that this agent may reach\n`

const present = <Value>(entries: Record<string, Value | undefined>): Record<string, Value> =>
  Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, Value & {}] => entry[1] !== undefined))
