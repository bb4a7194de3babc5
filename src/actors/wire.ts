import type { ChildProcess } from 'node:child_process'
import type { MessagePort } from 'node:worker_threads'

/** One end of a two-way pipe for messages that survive structured clone: ordered, and silent once closed. */
export interface Wire {
  /** Sends; throws a DataCloneError at once when the message cannot be cloned, does nothing when the wire is closed. */
  post(message: unknown): void
  /** Hears every message from the far end, those posted before its close included. */
  onMessage(listener: (message: unknown) => void): void
  /** Called once when either end has closed the wire. */
  onClose(listener: () => void): void
  close(): void
}

/** A port of `node:worker_threads`; once listened to, and only then heard, it keeps the process alive until closed. */
export function portWire(port: MessagePort): Wire {
  return {
    post: (message) => {
      port.postMessage(message)
    },
    onMessage: (listener) => {
      port.on('message', listener)
    },
    onClose: (listener) => {
      port.once('close', listener)
    },
    close: () => {
      port.close()
    },
  }
}

/** The supervisor's end of a forked child. */
export function childWire(child: ChildProcess): Wire {
  return {
    post(message) {
      // without a callback a send that fails later would be an 'error' event of the child
      if (child.connected) child.send(message as object, ignore)
    },
    onMessage: (listener) => {
      child.on('message', listener)
    },
    onClose: (listener) => {
      child.once('disconnect', listener)
    },
    close() {
      if (child.connected) child.disconnect()
    },
  }
}

/** The forked child's own end. Closing drops what was not yet written, so it is the supervisor who closes. */
export function parentWire(): Wire {
  return {
    post(message) {
      if (process.connected) process.send?.(message, undefined, undefined, ignore)
    },
    onMessage: (listener) => {
      process.on('message', listener)
    },
    onClose: (listener) => {
      process.once('disconnect', listener)
    },
    close() {
      if (process.connected) process.disconnect()
    },
  }
}

/** A failed write needs no answer here: the close of the wire follows it. */
const ignore = (): void => {}
