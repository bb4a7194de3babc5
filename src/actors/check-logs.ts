import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CheckLog } from '../merge/check.ts'
import { openAttemptLog } from '../store/attempt-log.ts'

/** Bytes that are kept of one run of a check, and how many such runs are kept of one proposal. */
const logBytes = 1024 * 1024
const mostLogs = 200

/**
 * Numbered logs of the checks of one proposal. One that cannot be written costs no check.
 * @param root what their paths are told from
 */
export function openCheckLogs(folder: string, root: string): () => CheckLog {
  let opened = 0
  return () => {
    opened += 1
    // no task can have a name that begins like this
    return opened > mostLogs ? noLog : openCheckLog(join(folder, `_check.${opened}.log`), root)
  }
}

function openCheckLog(path: string, root: string): CheckLog {
  let bytes = 0
  let isKept = removed(path)
  const log = openAttemptLog(path, { maxBytes: logBytes })
  const attempt = (work: () => void): void => {
    try {
      if (isKept) work()
    } catch {
      isKept = false
    }
  }
  return {
    write(chunk) {
      bytes += chunk.length
      attempt(() => {
        log.write(chunk)
      })
    },
    close() {
      attempt(() => log.close())
      return isKept && bytes > 0 ? relative(root, path) : null
    },
  }
}

/** Takes away what an aggregator that died has left there. */
function removed(path: string): boolean {
  try {
    rmSync(path, { force: true })
    return true
  } catch {
    return false
  }
}

const noLog: CheckLog = { write: () => {}, close: () => null }
