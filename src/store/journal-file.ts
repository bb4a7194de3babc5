import { close, fdatasync, ftruncateSync, openSync, write } from 'node:fs'
import { promisify } from 'node:util'

/** The file layer of a journal; tests put faults into it. */
export interface JournalFile {
  /** Writes all bytes at the end. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when everything written is on disk. */
  datasync(): Promise<void>
  close(): Promise<void>
}

const syncData = promisify(fdatasync)
const closeFile = promisify(close)

/** Opens a file for appending after its first `keepBytes` bytes; what follows them is cut off. */
export function openJournalFile(path: string, keepBytes: number): JournalFile {
  const file = openSync(path, 'a')
  ftruncateSync(file, keepBytes)
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await writeSome(file, bytes, at)
    },
    datasync: () => syncData(file),
    close: () => closeFile(file),
  }
}

function writeSome(file: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file, bytes, at, (error, written) => {
      if (error === null) resolve(written)
      else reject(error)
    })
  })
}
