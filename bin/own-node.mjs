import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))

/** Whether `npm ci` has put another Node beside the program than the one that runs it. */
export function hasOwnNode() {
  return process.platform !== 'win32' && existsSync(own) && realpathSync(own) !== realpathSync(process.execPath)
}

/** Has that Node carry the program out, and ends this process as it ends: the promise never settles. */
export function continueOnOwnNode() {
  const child = spawn(own, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TROUPE_OWN_NODE: '1' },
  })
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // what is typed on a terminal reaches both
      const isTyped = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
      if (!isTyped) child.kill(signal)
    })
  return new Promise(() => {
    child.once('error', (error) => {
      console.error(`troupe could not start the Node that npm put beside it (${own}): ${error.message}`)
      process.exit(69)
    })
    child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
  })
}

/** The process that was started so does not outlive the one that started it, however that went. */
export function endWithStarter() {
  delete process.env.TROUPE_OWN_NODE
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel?.unref()
}
