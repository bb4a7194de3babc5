import { importModule, serveActor } from '../actor-side.ts'
import { parentWire } from '../wire.ts'

// Node ends its own report with its version; the last line shall say what happened
process.once('uncaughtException', (error: unknown) => {
  const [name, message, stack] =
    error instanceof Error ? [error.name, error.message, error.stack ?? ''] : ['Error', String(error), '']
  process.stderr.write(`${stack}\n${name}: ${message.split('\n', 1).join('')}\n`)
  process.exit(1)
})

// the wire closes when the supervisor says so, and when it is gone: nothing left to live for
await serveActor(parentWire(), importModule)
process.exit(0)
