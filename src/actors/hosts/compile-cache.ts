import { existsSync, mkdirSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * The environment for a thread or a child in which Node keeps stripped and compiled code: half the start time and half
 * the memory. Uses the folder of the surrounding process, else Node's own default; without either nothing is kept.
 */
export function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['NODE_COMPILE_CACHE'] !== undefined) return env
  const inUse = getCompileCacheDir()
  // Node answers with its own versioned folder inside the one it was given
  const folder = inUse === undefined ? usualFolder() : dirname(inUse)
  return folder === null ? env : { ...env, NODE_COMPILE_CACHE: folder }
}

/** Null where it cannot be made: there Node itself may try for ever. */
function usualFolder(): string | null {
  const folder = join(tmpdir(), 'node-compile-cache')
  try {
    if (!existsSync(folder)) mkdirSync(folder)
    return folder
  } catch {
    return existsSync(folder) ? folder : null // another process may have made it meanwhile
  }
}
