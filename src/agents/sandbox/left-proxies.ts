import { readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { RunId } from '../../ids.ts'
import { privateFolder } from '../../processes/sandbox.ts'

/** How the folder of a run's proxy begins. */
export const proxyPrefix = (run: RunId): string => `troupe-proxy-${run}-`

/** The socket's name in the folder. */
export const socketName = 'proxy'

/** Folders of a run's proxies of which whoever opened them was killed: nobody listens there any more. */
export async function leftProxies(run: RunId): Promise<readonly string[]> {
  const place = privateFolder()
  const names = await readdir(place).catch(() => [])
  const folders = names.filter((name) => name.startsWith(proxyPrefix(run))).map((name) => join(place, name))
  const areLeft = await Promise.all(folders.map(isLeft))
  return folders.filter((_, at) => areLeft[at])
}

/** Takes them away; what another user's are stays. */
export async function removeLeftProxies(run: RunId): Promise<void> {
  for (const folder of await leftProxies(run)) await rm(folder, { recursive: true, force: true }).catch(() => {})
}

/** A socket on which nobody listens refuses, whatever processes can be seen from here. */
function isLeft(folder: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(join(folder, socketName))
  socket.once('connect', () => resolve(false))
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' || code === 'ENOENT'))
  return promise.finally(() => socket.destroy())
}
