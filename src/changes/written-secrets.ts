import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { once } from 'node:events'
import { TroupeError } from '../errors.ts'
import { hideNothing, type RedactedStream, type Redactor } from '../redaction.ts'
import { placeOf } from './folder-watch.ts'
import { filesBelow } from './nested-repository.ts'

/**
 * Takes the values of secrets out of files of a workspace, out of the targets of links and out of names, before git stores any of it.
 * @param paths relative and in latin1; one with a slash at its end stands for all in that folder
 * @returns where there were some, for people
 */
export async function takeOutSecrets(
  directory: string,
  paths: readonly string[],
  hide: Redactor,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of hide.isIdle ? [] : await filesAmong(directory, paths)) {
    const names = new Set([...(await cleanFile(directory, path, hide)), ...(await cleanName(directory, path, hide))])
    const shown = Buffer.from(redacted(Buffer.from(path, 'latin1'), hide).bytes).toString()
    found.push(...[...names].map((name) => `${name} in ${shown}`))
  }
  return found
}

/** @throws TroupeError SECRET_WRITTEN when a secret lies in one of the files */
export async function refuseSecrets(
  directory: string,
  paths: readonly string[],
  hide: Redactor = hideNothing,
): Promise<void> {
  if (hide.isIdle) return
  for (const path of await filesAmong(directory, paths)) {
    const names = [...redacted(Buffer.from(path, 'latin1'), hide).names, ...(await namesInFile(directory, path, hide))]
    if (names[0] !== undefined) throw written(names[0])
  }
}

/** @throws TroupeError SECRET_WRITTEN when a secret lies in the bytes */
export function refuseSecretIn(bytes: Uint8Array, hide: Redactor): void {
  const [name] = hide.isIdle ? [] : redacted(bytes, hide).names
  if (name !== undefined) throw written(name)
}

const written = (name: string): TroupeError =>
  new TroupeError('SECRET_WRITTEN', `the value of the secret ${name} was written into a file`)

async function filesAmong(directory: string, paths: readonly string[]): Promise<readonly string[]> {
  const all = paths.map((path) => (path.endsWith('/') ? filesBelow(directory, path.slice(0, -1)) : [path]))
  return (await Promise.all(all)).flat()
}

/** Names of the secrets that were in it. */
async function cleanFile(directory: string, path: string, hide: Redactor): Promise<readonly string[]> {
  const names = await namesInFile(directory, path, hide)
  if (names.length === 0) return names
  const place = placeOf(directory, path)
  const { mode } = await lstat(place)
  const other = Buffer.concat([place, Buffer.from('.troupe-redacted')])
  if ((await lstat(place)).isSymbolicLink()) {
    await symlink(Buffer.from(redacted(await readlink(place, 'buffer'), hide).bytes), other)
  } else {
    await copyRedacted(place, other, hide.stream())
    await chmod(other, mode & 0o777)
  }
  await rename(other, place)
  return names
}

/** A path that holds a secret is called otherwise. */
async function cleanName(directory: string, path: string, hide: Redactor): Promise<readonly string[]> {
  const { bytes, names } = redacted(Buffer.from(path, 'latin1'), hide)
  if (names.length === 0) return names
  const to = placeOf(directory, Buffer.from(bytes).toString('latin1'))
  await mkdir(dirname(to.toString()), { recursive: true })
  await rename(placeOf(directory, path), to)
  return names
}

async function namesInFile(directory: string, path: string, hide: Redactor): Promise<readonly string[]> {
  const place = placeOf(directory, path)
  const found = await lstat(place).catch(() => null) // gone
  if (found?.isSymbolicLink() === true) return redacted(await readlink(place, 'buffer'), hide).names
  if (found?.isFile() !== true) return []
  const stream = hide.stream()
  for await (const chunk of createReadStream(place)) stream.write(chunk as Buffer)
  stream.end()
  return [...stream.found]
}

async function copyRedacted(from: Buffer, to: Buffer, stream: RedactedStream): Promise<void> {
  await rm(to, { force: true })
  const file = createWriteStream(to, { flags: 'wx' })
  for await (const chunk of createReadStream(from)) {
    if (!file.write(stream.write(chunk as Buffer))) await once(file, 'drain')
  }
  file.end(stream.end())
  await once(file, 'close')
}

function redacted(
  bytes: Uint8Array,
  hide: Redactor,
): { readonly bytes: Uint8Array; readonly names: readonly string[] } {
  const stream = hide.stream()
  const parts = [stream.write(bytes), stream.end()]
  return { bytes: Buffer.concat(parts), names: [...stream.found] }
}
