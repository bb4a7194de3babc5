import { openLoader, serveActor } from '../actor-side.ts'
import { type FromChild, LeaseWire, pipeToParent, type ToChild } from './lease-wire.ts'
import { Remains } from './remains.ts'

// Node ends its own report with its version; the last line shall say what happened
process.once('uncaughtException', (error: unknown) => {
  const [name, message, stack] =
    error instanceof Error ? [error.name, error.message, error.stack ?? ''] : ['Error', String(error), '']
  process.stderr.write(`${stack}\n${name}: ${message.split('\n', 1).join('')}\n`)
  process.exit(1)
})

const load = openLoader()
let current: { readonly lease: number; readonly wire: LeaseWire } | null = null

function serve(lease: number): LeaseWire {
  const wire = new LeaseWire(lease, pipeToParent)
  current = { lease, wire }
  void serveActor(wire, load)
    .then(() => remains.none())
    .then((again) => {
      pipeToParent.send({ left: lease, again } satisfies FromChild)
    })
  return wire
}

process.on('message', (sent: ToChild) => {
  if ('load' in sent) load(sent.load).catch(() => {})
  else if ('ended' in sent) current?.wire.shut()
  else (current?.lease === sent.lease ? current.wire : serve(sent.lease)).take(sent.message)
})

// the pipe closes when the supervisor says so, and when it is gone: nothing left to live for
process.once('disconnect', () => {
  process.exit(0)
})

process.stderr.on('error', () => {}) // Node opens it when it is first asked for, and what is open by now does not count
const remains = new Remains()
